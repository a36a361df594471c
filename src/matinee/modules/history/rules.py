"""Where a video goes on: a pure decision over plain values."""

_BARELY_BEGUN = 5.0  # seconds
_ALMOST_OVER = 0.97  # of the whole: titles


def resumes_at(position: float | None, duration: float | None) -> float | None:
    """Where to go on; None: from the beginning."""
    if position is None or position < _BARELY_BEGUN or (duration is not None and position > duration * _ALMOST_OVER):
        return None
    return position
