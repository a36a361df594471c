"""Finding videos by what is said of them and in them."""
