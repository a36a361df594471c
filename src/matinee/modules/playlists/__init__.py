"""Playlists: videos in an order of one's own, of a person or a team."""
