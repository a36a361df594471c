"""How often videos are watched: each viewer once a day."""
