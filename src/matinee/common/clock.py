"""The time of day, injectable: tests make it jump."""

import time
from collections.abc import Callable

# Seconds since the epoch. Only for what the database does not judge (token expiry, races); rows use its own now().
Clock = Callable[[], float]

system_clock: Clock = time.time
