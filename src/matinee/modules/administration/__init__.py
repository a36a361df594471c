"""What administrators do about accounts: finding them, shutting them out, giving them roles."""
