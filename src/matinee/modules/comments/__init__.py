"""What people say about a video: threads, moderated by whose the video is."""
