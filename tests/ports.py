"""Ports for servers that tests start and that cannot choose one themselves."""

import random

from matinee.embedded.ports import is_free


def free_port() -> int:
    """A port that nobody listens on, below those that the system gives to whoever asks for any.

    One of these could be given to somebody else before the server that it is for has started.
    """
    while not is_free(port := random.randrange(20_000, 32_000)):
        pass
    return port
