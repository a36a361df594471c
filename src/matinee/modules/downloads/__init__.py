"""Files that a video is offered as: MP4 out of the cells, the sound alone, the uploaded file."""
