"""What clients say of an upload in headers: of tus 1.0, and Content-Range. Pure."""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Literal, get_args
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from matinee.common.validation import Fault
from matinee.modules.uploads.errors import InvalidUploadHeader
from matinee.modules.uploads.schemas import FileType

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,checksum,concatenation,expiration"
ALGORITHMS = ("md5", "sha1", "sha256", "sha512")
_LARGEST = 2**63 - 1
_MOST_FRAGMENTS = 100  # each is joined as an upload is
_MOST_METADATA = 8 * 1024  # title and description fit in, in any script, and some tags
_RANGE = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19})|\*)/(\d{1,19})")
_KEY = re.compile(r"[!-+\--~]+")  # visible ASCII, no comma
_OTHER_NAMES = {"name": "filename", "type": "filetype"}  # Uppy's
_SAID = ("title", "description", "language", "visibility", "owner", "filename", "filetype")


class Checksum:
    """Of the bytes of one request."""

    def __init__(self, algorithm: str, digest: bytes) -> None:
        self._digest = digest
        self._hash = hashlib.new(algorithm, usedforsecurity=False)
        self.update = self._hash.update

    def holds(self) -> bool:
        """Whether all that was given to `update` has it."""
        return self._hash.digest() == self._digest


class Window(msgspec.Struct, frozen=True):
    """Which bytes of a file a request brings; `start` is None where it brings none and asks what is stored."""

    start: int | None
    end: int
    """The first byte behind them."""
    total: int


class Concat(msgspec.Struct, frozen=True):
    """Whether an upload is a fragment, or joined of fragments."""

    kind: Literal["whole", "partial", "final"] = "whole"
    fragments: tuple[UUID, ...] = ()


def read_number(name: str, text: str | None) -> int:
    """Bytes; raises InvalidUploadHeader."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 19 or int(text) > _LARGEST:
        raise _invalid(name, "Send a whole number of bytes.")
    return int(text)


def read_checksum(text: str | None) -> Checksum | None:
    """`sha256 <base64>`; None where nothing was said. Raises InvalidUploadHeader."""
    if text is None:
        return None
    algorithm, _, encoded = text.partition(" ")
    digest = _decoded("Upload-Checksum", encoded)
    if algorithm not in ALGORITHMS or len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise _invalid("Upload-Checksum", f"Send one of {', '.join(ALGORITHMS)} and the digest in base64.")
    return Checksum(algorithm, digest)


def read_concat(text: str | None) -> Concat:
    """`partial`, or `final;` and addresses of partial uploads. Raises InvalidUploadHeader."""
    if text is None:
        return Concat()
    if text == "partial":
        return Concat("partial")
    kind, _, addresses = text.partition(";")
    try:
        fragments = tuple(UUID(urlsplit(address).path.rpartition("/")[2]) for address in addresses.split())
    except ValueError:
        fragments = ()
    if kind != "final" or not 0 < len(set(fragments)) == len(fragments) <= _MOST_FRAGMENTS:
        wanted = (
            f"Send `partial`, or `final;` and the addresses of up to {_MOST_FRAGMENTS} partial uploads, each once."
        )
        raise _invalid("Upload-Concat", wanted)
    return Concat("final", fragments)


def write_concat(is_fragment: bool, addresses: Iterable[str]) -> str | None:
    """What an upload's Upload-Concat is; None where it has none."""
    listed = " ".join(addresses)
    return f"final;{listed}" if listed else "partial" if is_fragment else None


def read_metadata(text: str | None) -> dict[str, str]:
    """`name base64,name base64`. Raises InvalidUploadHeader."""
    if text is not None and len(text) > _MOST_METADATA:
        raise _invalid("Upload-Metadata", f"Send {_MOST_METADATA} bytes at most.")
    said: dict[str, str] = {}
    for pair in (text or "").split(",") if text else ():
        key, _, encoded = pair.strip().partition(" ")
        if _KEY.fullmatch(key) is None or key in said:
            raise _invalid("Upload-Metadata", "Send pairs of a name and base64, each name once, between commas.")
        try:
            said[key] = _decoded("Upload-Metadata", encoded.strip()).decode()
        except UnicodeDecodeError:
            raise _invalid("Upload-Metadata", f"The value of {key} is not UTF-8.") from None
    return said


def describe_upload(said: Mapping[str, str], filesize: int) -> dict[str, str | int | list[str]]:
    """The fields of a new video, of which clients may name no more than its file. They are not checked here."""
    known = {_OTHER_NAMES.get(name, name): value for name, value in said.items()}
    fields: dict[str, str | int | list[str]] = {name: known[name] for name in _SAID if name in known}
    if "tags" in known:
        fields["tags"] = [tag for tag in known["tags"].split(",") if tag.strip()]
    filename = known.get("filename") or "video"
    fields["filename"], fields["filesize"] = filename, filesize
    fields.setdefault("title", PurePosixPath(filename).stem[:100].strip() or "video")
    if fields.get("filetype") not in get_args(FileType):
        fields["filetype"] = "application/octet-stream"  # the content decides what is done
    return fields


def read_content_range(text: str | None, length: int | None, total: int) -> Window:
    """`bytes 0-499/1000` or `bytes */1000`; the whole file where nothing was said. Raises InvalidUploadHeader."""
    if text is None:
        return Window(0, total, total)
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise _invalid("Content-Range", "Send `bytes first-last/size`, or `bytes */size` to ask what is stored.")
    window = Window(int(found[1]), int(found[2]) + 1, int(found[3])) if found[1] else Window(None, 0, int(found[3]))
    if window.total != total:
        raise _invalid("Content-Range", f"The file was announced with {total} bytes.")
    size = window.end - (window.start or 0)
    if size < 0 or window.end > total or (length is not None and length != size):
        raise _invalid("Content-Range", f"The body has another size, or ends behind the file's {total} bytes.")
    return window


def _decoded(name: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid(name, "This is not base64.") from None


def _invalid(name: str, sentence: str) -> InvalidUploadHeader:
    return InvalidUploadHeader(f"{name}: {sentence}", faults=[Fault(f"header.{name}", sentence)])
