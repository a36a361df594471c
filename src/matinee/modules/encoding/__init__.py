"""Encoding: a video's cells, made by jobs, recorded as they are stored."""
