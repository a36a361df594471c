"""What an address may be, and what the answers of the server behind it mean: pure decisions."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import get_args
from urllib.parse import unquote

import msgspec
from yarl import URL

from matinee.common.storage.port import Part
from matinee.modules.encoding.errors import Failure
from matinee.modules.imports.errors import (
    BAD_REDIRECT,
    DOWNGRADED,
    BrokenOffError,
    FileChangedError,
    ImportFailedError,
)
from matinee.modules.uploads.rules import PartPlan, settle_parts
from matinee.modules.uploads.schemas import FileType

MOST_REDIRECTS = 5
PAUSES = (1, 2, 4, 8, 16, 32, 60, 60)  # seconds, each after one more try that got no farther than those before
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LATER = frozenset({408, 425, 429})  # beside 5xx: the same request may go better
_PAGES = frozenset({"text/html", "application/xhtml+xml", "application/json"})
_RANGE = re.compile(r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")  # for the name of a file


class Wanted(msgspec.Struct, frozen=True):
    """What is asked for: a file from its byte `offset` on, if it is still the one of `validator` and `length`."""

    offset: int = 0
    validator: str | None = None
    length: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """What the server sends, beginning with byte `start` of the file."""

    start: int
    length: int | None
    """Of the whole file, where it is told."""
    validator: str | None
    media_type: FileType


def read_url(text: str) -> URL:
    """An address as it is asked for; raises ValueError with a sentence for one that will not be."""
    try:
        # what is printable is left alone: quoting it anew would break what was signed
        url = URL(text, encoded=text.isascii() and text.isprintable() and " " not in text).with_fragment(None)
        port = url.port
    except ValueError:
        raise ValueError("This is not an address.") from None
    if url.scheme not in ("http", "https") or not url.raw_host or not port:
        raise ValueError("An address begins with http:// or https:// and the name of a server.")
    if url.raw_user is not None or url.raw_password is not None:
        raise ValueError("An address with a user's name or password is not asked for: both would be kept.")
    return url


def follow(url: URL, location: str | None) -> URL:
    """Where a redirect leads; raises ImportFailedError."""
    if not location:
        raise ImportFailedError(BAD_REDIRECT)
    try:
        target = read_url(str(url.join(URL(location, encoded=location.isascii()))))
    except ValueError:
        raise ImportFailedError(BAD_REDIRECT) from None
    if url.scheme == "https" and target.scheme == "http":
        raise ImportFailedError(DOWNGRADED)
    return target


def name_of(url: URL) -> str:
    """A name for the file behind an address."""
    return _UNFIT.sub("", unquote(url.raw_parts[-1] if url.raw_parts else ""))[:255] or str(url.host)[:255]


def title_of(name: str) -> str:
    """A title for a video whose file has that name."""
    return PurePosixPath(name).stem[:100].strip() or "Untitled"


def shown(url: URL) -> str:
    """The address without what may be secret in it."""
    return str(url.with_query(None))


def read_answer(status: int, headers: Mapping[str, str], wanted: Wanted) -> Answer:
    """What an answer means that is no redirect.

    Raises ImportFailedError, BrokenOffError and, where a part was wanted, FileChangedError.
    """
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and wanted.offset:
        raise FileChangedError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        raise BrokenOffError(f"The server answers {_phrase(status)}.")
    if status != HTTPStatus.OK and not (status == HTTPStatus.PARTIAL_CONTENT and wanted.offset):
        raise ImportFailedError(Failure("import_refused", f"The server answers {_phrase(status)}."))
    media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type in _PAGES:
        raise _not_a_file(f"The address leads to a page ({media_type}), not to the file of a video.")
    if headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise _not_a_file("The server sends the file compressed, which was not asked for.")
    known = media_type if media_type in get_args(FileType) else "application/octet-stream"
    validator = _validator(headers)
    if status == HTTPStatus.OK:
        told = headers.get("Content-Length")
        return Answer(0, None if told is None else int(told), validator, msgspec.convert(known, FileType))
    length = _length_of_rest(headers, wanted)
    if validator not in (None, wanted.validator):
        raise FileChangedError
    return Answer(wanted.offset, length, wanted.validator, msgspec.convert(known, FileType))


def leading_parts(plan: PartPlan, listed: Iterable[Part]) -> list[Part]:
    """What is stored of a file from its beginning on, without a gap."""
    leading: list[Part] = []
    for part in settle_parts(plan, listed, {}):
        if part.part_number != len(leading) + 1 or part.size != plan.size(part.part_number):
            break
        leading.append(part)
    return leading


def _length_of_rest(headers: Mapping[str, str], wanted: Wanted) -> int | None:
    """The whole file's length by the answer to a wanted part; raises FileChangedError where it is another part."""
    found = _RANGE.fullmatch(headers.get("Content-Range", ""))
    if found is None or int(found[1]) != wanted.offset:
        raise FileChangedError
    length = None if found[2] == "*" else int(found[2])
    if None not in (length, wanted.length) and length != wanted.length:
        raise FileChangedError
    return length if wanted.length is None else wanted.length


def _validator(headers: Mapping[str, str]) -> str | None:
    """A strong validator (RFC 9110, 8.8): a part that is asked for by it belongs to the same bytes."""
    etag, modified = headers.get("ETag", ""), headers.get("Last-Modified", "")
    if etag.startswith('"') and etag.isascii() and etag.isprintable():
        return etag
    try:
        # a date is weak unless the server's clock has moved on since
        is_strong = parsedate_to_datetime(headers.get("Date", "")) - parsedate_to_datetime(modified)
    except (ValueError, TypeError, OverflowError):  # a year of eleven digits
        return None
    return modified if is_strong >= timedelta(seconds=1) else None


def _not_a_file(sentence: str) -> ImportFailedError:
    return ImportFailedError(Failure("import_not_a_file", sentence))


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
