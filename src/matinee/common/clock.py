"""The time of day, injectable: tests make it jump."""

import time
from collections.abc import Callable

# Seconds since the epoch. Only for what leaves the database (token expiry); rows use PostgreSQL's own now().
Clock = Callable[[], float]

system_clock: Clock = time.time
