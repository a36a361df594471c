"""Cryptography with the server's own keys: whoever seals, signs or keys a digest asks here for it."""
