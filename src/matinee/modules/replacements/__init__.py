"""Another file for a video that keeps its address, and all that was said of it."""
