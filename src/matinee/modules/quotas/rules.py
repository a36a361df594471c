"""What fits into a quota, and the sentence for what does not. Pure."""

import msgspec

MINUTE = 60.0  # seconds
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


class Quota(msgspec.Struct, frozen=True):
    """What an account may store; None is no limit."""

    bytes: int | None = None
    """Of files that were uploaded: the renditions made of them do not count."""
    minutes: int | None = None
    """Of all its videos and clips."""

    @property
    def is_limited(self) -> bool:
        """Whether there is anything to look at."""
        return self.bytes is not None or self.minutes is not None


class Stored(msgspec.Struct, frozen=True):
    """What an account stores. An upload counts from its announcement on, with all that it announced."""

    bytes: int
    seconds: float
    videos: int


def refuse_file(quota: Quota, stored: Stored, size: int, *, lasts: bool = True) -> str | None:
    """Why a file of so many bytes does not fit; None where it does. `lasts`: whether it adds to the minutes."""
    if quota.bytes is not None and stored.bytes + size > quota.bytes:
        left = max(0, quota.bytes - stored.bytes)
        return (
            f"The file has {readable(size)}; of your quota of {readable(quota.bytes)} {readable(left)} are free. "
            "Delete what you no longer need, or ask an administrator for more."
        )
    if lasts and quota.minutes is not None and stored.seconds >= quota.minutes * MINUTE:
        return _full(quota.minutes)
    return None


def refuse_stored(quota: Quota, stored: Stored) -> str | None:
    """Why an account may not have what it would have; None where it may."""
    if quota.bytes is not None and stored.bytes > quota.bytes:
        total = readable(stored.bytes)
        return f"With it {total} would be stored; the quota of who gets it is {readable(quota.bytes)}."
    if quota.minutes is not None and stored.seconds > quota.minutes * MINUTE:
        minutes = stored.seconds / MINUTE
        return f"With it there would be {minutes:.1f} minutes; the quota of who gets it is {quota.minutes}."
    return None


def refuse_length(quota: Quota, stored: Stored, seconds: float) -> str | None:
    """Why a video of that length does not fit beside the others; None where it does."""
    if quota.minutes is None or stored.seconds + seconds <= quota.minutes * MINUTE:
        return None
    left = max(0.0, quota.minutes - stored.seconds / MINUTE)
    if left == 0:
        return _full(quota.minutes)
    return (
        f"The video lasts {seconds / MINUTE:.1f} minutes; of the quota of {quota.minutes} minutes {left:.1f} are "
        "free. Delete what you no longer need, or ask an administrator for more."
    )


def readable(size: int) -> str:
    """`2.1 GB`, in powers of 1000 as storage is sold; whole bytes below a thousand."""
    amount, unit = float(size), 0
    while round(amount, 1) >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{size} bytes" if unit == 0 else f"{amount:.1f} {_UNITS[unit]}"


def _full(minutes: int) -> str:
    return (
        f"Your quota of {minutes} minute{'s' * (minutes != 1)} is used up. "
        "Delete what you no longer need, or ask an administrator for more."
    )
