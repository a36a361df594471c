"""What an account may store, in bytes and in minutes."""
