"""Playback: playlists from the plan, cells from storage or, where one does not exist yet, from whoever encodes it."""
