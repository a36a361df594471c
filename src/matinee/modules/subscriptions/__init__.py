"""Subscriptions: which channels an account follows, and what these have published."""
