"""Giving videos to a team, and taking them back."""
