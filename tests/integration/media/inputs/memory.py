"""What a process of FFmpeg takes at most: megabytes that are resident at once."""

LOOK_MB = 200
"""At the header and both ends; a picture is decoded where the header does not say enough."""
ENCODE_MB = 700
"""Every quality of a picture of up to 1080p, made together."""
LARGEST_MB = 2000
"""Those of 4K and 8K. x264 looks ahead at pictures of 15 MB each; a decoded one of 8K has 50 MB."""
