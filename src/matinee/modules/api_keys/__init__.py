"""API keys: how servers and scripts call as a user, within scopes, without a password."""
