"""What is made of a video though nobody watches it yet."""

from typing import Literal

Policy = Literal["eager", "on_demand"]
"""`eager`: every rendition as a whole; `on_demand`: the lowest rung and the sound, of the others what is watched."""
