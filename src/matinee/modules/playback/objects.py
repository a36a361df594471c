"""What players are given: documents that were written for them, and objects of the storage."""

import msgspec

from matinee.modules.encryption.content_keys import Choice
from matinee.modules.playback.documents import Document


class Playlist(msgspec.Struct, frozen=True):
    """A playlist, and whether only its viewer may keep it."""

    document: Document
    private: bool


class Permission(msgspec.Struct, frozen=True):
    """That a video may be played, for whoever hands out what it holds of it."""

    private: bool
    """Whether only its viewer may keep what is played."""
    mark: str
    """What its segments' addresses are marked with now; `clear` where it is not encrypted."""


class Cipher(msgspec.Struct, frozen=True):
    """An encrypted object: what it is made from, and how."""

    chosen: Choice
    recipe: str
    rendition: str
    index: int | None
    """None of the init segment."""


class StoredObject(msgspec.Struct, frozen=True):
    """An object that exists in storage and that the viewer may have."""

    key: str
    etag: str
    content_type: str
    private: bool
    immutable: bool = True
    """Whether its address will always mean the same bytes."""
    cipher: Cipher | None = None
    """What it is made of where viewers do not get what is stored: then nothing is stored under its key."""
