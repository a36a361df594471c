"""Text tracks and chapters: uploaded, taken from the film, listed, changed. Playback serves them."""
