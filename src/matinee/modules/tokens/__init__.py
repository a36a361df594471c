"""Signed tokens that open a video for whoever they are meant for, and the keys that they are signed with."""
