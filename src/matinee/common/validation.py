"""Untyped input → typed Structs, with *every* fault named, not only the first one.

msgspec stops at the first fault. So the fast path is one `msgspec.convert`; only when that fails is the input walked
field by field, to list all faults with their paths. Settings and HTTP input share this.
"""

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta

T = TypeVar("T")

_AT_PATH = re.compile(r"^(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?$", re.DOTALL)


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with an input."""

    path: Annotated[str, Meta(description="Where: a dotted path; empty for the whole.", examples=["parts[3].etag"])]
    message: Annotated[str, Meta(description="What, as a sentence.", examples=["This field is required."])]


class InvalidInput(ValueError):
    """The input does not fit the type; `faults` is never empty."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{f.path}: {f.message}" for f in faults))
        self.faults = faults


def convert(raw: object, into: type[T], *, strict: bool = True) -> T:
    """Returns `raw` (JSON-like data) as an `into`; raises InvalidInput listing every fault.

    `strict=False` also reads numbers and booleans from strings, as query parameters and environment variables are.
    """
    if not strict and isinstance(raw, dict) and isinstance(into, type) and issubclass(into, msgspec.Struct):
        raw = {**raw, **{name: _read_moment(raw[name]) for name in _moments(into) if name in raw}}
    try:
        return msgspec.convert(raw, into, strict=strict, dec_hook=_decode)
    except msgspec.ValidationError as first:
        faults = _faults(raw, into, strict)
        raise InvalidInput(faults or [_fault(first)]) from None


def _read_moment(text: object) -> object:
    """A point in time, by UTC: PostgreSQL does not know all offsets that there may be.

    For anything else what msgspec refuses. Where it reads text it would take a number for seconds since 1970.
    """
    try:
        moment = msgspec.convert(text, Annotated[datetime, Meta(tz=True)])
        return moment.astimezone(UTC)
    except msgspec.ValidationError:
        return ""
    except OverflowError:  # the last hours of the year 9999, or the first of the year 1
        return moment.replace(tzinfo=UTC)


@cache
def _moments(into: type[msgspec.Struct]) -> list[str]:
    """The fields that are points in time, or may be."""
    fields = msgspec.structs.fields(into)
    return [field.encode_name for field in fields if datetime in map(_plain, (field.type, *get_args(field.type)))]


def _decode(into: type, raw: object) -> object:
    """Kinds that msgspec does not know: paths, in settings."""
    if into is Path and isinstance(raw, str):
        return Path(raw)
    raise NotImplementedError(f"no such kind of field: {into}")


def _faults(raw: object, into: Any, strict: bool, prefix: str = "") -> list[Fault]:
    kind = _plain(into)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and isinstance(raw, dict):
        return _struct_faults(raw, kind, strict, prefix)
    if get_origin(kind) in (list, tuple) and isinstance(raw, list):
        item = get_args(kind)[0]
        return [f for i, value in enumerate(raw) for f in _faults(value, item, strict, f"{prefix}[{i}]")]
    try:
        msgspec.convert(raw, into, strict=strict, dec_hook=_decode)
    except msgspec.ValidationError as error:
        return [_fault(error, prefix)]
    return []


def _struct_faults(raw: dict[Any, Any], kind: type[msgspec.Struct], strict: bool, prefix: str) -> list[Fault]:
    faults: list[Fault] = []
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name, field in fields.items():
        path = f"{prefix}.{name}".lstrip(".")
        if name in raw:
            faults += _faults(raw[name], field.type, strict, path)
        elif field.required:
            faults.append(Fault(path, "This field is required."))
    if kind.__struct_config__.forbid_unknown_fields:
        for name in raw:
            if name not in fields:
                faults.append(Fault(f"{prefix}.{name}".lstrip("."), "There is no such field."))
    return faults


def _plain(annotation: Any) -> Any:
    """Strips `Annotated` and `| None` from a type."""
    if hasattr(annotation, "__metadata__"):
        return _plain(annotation.__origin__)
    options = [option for option in get_args(annotation) if option is not type(None)]
    is_optional = len(options) == 1 and type(None) in get_args(annotation)
    return _plain(options[0]) if is_optional else annotation


def _fault(error: msgspec.ValidationError, prefix: str = "") -> Fault:
    found = _AT_PATH.match(str(error))
    message, path = (found["message"], found["path"] or "") if found else (str(error), "")
    return Fault(f"{prefix}{path}".lstrip("."), f"{message}.")
