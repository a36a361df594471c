"""Passkeys (WebAuthn): a second factor, or a way in without a password."""
