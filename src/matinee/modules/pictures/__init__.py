"""Pictures: the poster and who chose it, thumbnails on demand, the storyboard, the preview."""
