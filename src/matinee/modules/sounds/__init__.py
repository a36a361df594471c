"""The sounds of a video: listed, named, chosen, added in files of their own, removed. Encoding makes their cells."""
