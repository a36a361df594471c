"""Files to keep: each quality as one MP4, the sound alone, and the file as it was uploaded."""
