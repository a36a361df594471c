"""Parts of videos as videos of their own."""
