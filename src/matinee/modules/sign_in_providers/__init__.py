"""Signing in by somebody else's word (OpenID Connect): any issuer that the settings name."""
