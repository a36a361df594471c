"""Encryption of what players get: the choice, the keys, who gets one."""
