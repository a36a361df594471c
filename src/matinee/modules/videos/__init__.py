"""Videos: what they are, who may see them, and the states they go through."""
