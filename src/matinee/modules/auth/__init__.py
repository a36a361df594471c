"""Accounts' front door: registering, signing in, rotating refresh tokens, signing out."""
