"""Playlists and segments of text as they were written last, kept while what they were written from stays the same."""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from uuid import UUID

import msgspec

from matinee.media.model import Plan

_PLANS = 512  # ~5 kB each
_DOCUMENT_BYTES = 32 * 1024 * 1024  # a two-hour video's media playlist has 50 kB


class Document(msgspec.Struct, frozen=True):
    """What is sent, and the strong ETag of exactly these bytes."""

    body: bytes
    etag: str


def document(written: str | bytes) -> Document:
    """The document of a text, or of bytes."""
    body = written.encode() if isinstance(written, str) else written
    return Document(body, f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"')


class DocumentCache:
    """Documents by what they were written from, the least used dropped first."""

    def __init__(self, limit: int = _DOCUMENT_BYTES) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Document] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> Document | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, written: Document) -> Document:
        """Keeps the document and returns it."""
        before = self._kept.pop(key, None)
        self._bytes += len(written.body) - (len(before.body) if before else 0)
        self._kept[key] = written
        while self._bytes > self._limit and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.body)
        return written


class PlanCache:
    """Decoded plans by video, each as of one version of the video's row."""

    def __init__(self, limit: int = _PLANS) -> None:
        self._limit = limit
        self._kept: OrderedDict[UUID, tuple[int, Plan]] = OrderedDict()

    def get(self, video_id: UUID, version: int) -> Plan | None:
        found = self._kept.get(video_id)
        if found is None or found[0] != version:
            return None
        self._kept.move_to_end(video_id)
        return found[1]

    def keep(self, video_id: UUID, version: int, plan: Plan) -> None:
        self._kept.pop(video_id, None)
        self._kept[video_id] = (version, plan)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)
