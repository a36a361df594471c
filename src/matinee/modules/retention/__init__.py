"""What is kept of a video: chosen per video or for all, measured, and brought about by evictions."""
