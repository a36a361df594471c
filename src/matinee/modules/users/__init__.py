"""Profiles: what others see of a user, kept by the user."""
