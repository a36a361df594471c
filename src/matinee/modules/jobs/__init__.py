"""What the queue does for videos, who works on it, and what owners and operators can do about it."""
