"""Whom a video is shared with, and the password that opens it."""
