"""Images that are laid over the pictures of videos, as their owners choose."""
