"""What can go wrong with an embedded server, as a sentence for the person at the terminal."""


class EmbeddedServerError(RuntimeError):
    """An embedded server cannot be started, reached or used; the message says why and what to do."""
