"""Channels: what accounts show of themselves."""
