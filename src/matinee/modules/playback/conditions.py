"""Conditional and range requests (RFC 9110, sections 13 and 14): pure decisions over header values."""

import re

from matinee.common.errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)


def is_unchanged(if_none_match: str | None, etag: str) -> bool:
    """Whether the client holds this very version, so that 304 is the answer."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return any(held.strip().removeprefix("W/") == etag for held in if_none_match.split(","))


def counting_range(header: str | None, if_range: str | None, etag: str) -> str | None:
    """The Range of a request where it counts: one that can be read, of this very version."""
    if header is None or (if_range is not None and if_range.strip() != etag):
        return None
    return header.strip() if _ONE_RANGE.fullmatch(header.strip()) else None


def requested_range(header: str | None, if_range: str | None, etag: str, size: int) -> range | None:
    """The bytes asked for, or None for the whole.

    Several ranges at once and ranges that cannot be read are answered with the whole, as the RFC allows. Raises
    RangeNotSatisfiable where the range lies behind the end.
    """
    counting = counting_range(header, if_range, etag)
    found = None if counting is None else _ONE_RANGE.fullmatch(counting)
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, size)
    start, end = int(first), int(last) if last else size - 1
    if end < start and last:
        return None
    if start >= size:
        raise RangeNotSatisfiable(size)
    return range(start, min(end + 1, size))


def _suffix(length: str, size: int) -> range | None:
    """`bytes=-500`: the last 500 bytes."""
    if not length:
        return None
    if int(length) == 0 or size == 0:
        raise RangeNotSatisfiable(size)
    return range(max(0, size - int(length)), size)
