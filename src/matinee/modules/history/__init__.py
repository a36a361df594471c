"""What an account has watched, and where it goes on."""
