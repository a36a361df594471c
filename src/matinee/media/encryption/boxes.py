"""What encryption adds to our boxes: a protected sample entry, and where each sample is encrypted."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from ..boxes import BadFragment, Fragment, box, find_boxes, full_box
from .model import BLOCK, ContentKey, NotEncryptable, SampleEncryption, Track
from .samples import (
    Subsample,
    Units,
    encrypt_blocks,
    encrypt_counting,
    encrypt_pattern,
    subsamples,
)

_TO_DESCRIPTIONS = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_ENTRY_BYTES = {"video": 86, "audio": 36}  # of a sample entry, before its boxes
_SOUNDS = (b"mp4a", b"ac-3", b"ec-3", b"Opus", b"fLaC")
_IV_BYTES = 8  # of `cenc`; the other half counts blocks
_U32 = struct.Struct(">I")
_WITH_SUBSAMPLES = 0x2


class Description:
    """What an init segment says of its samples. Raises NotEncryptable, and BadFragment where it is none."""

    def __init__(self, init: bytes) -> None:
        entry = _sample_entry(init)
        self.track: Track = "audio" if entry[4:8] in _SOUNDS else "video"
        self.units = None if self.track == "audio" else _units(entry)


def encrypt_init(init: bytes, encryption: SampleEncryption) -> bytes:
    """The init segment of a rendition whose cells are encrypted."""
    description = Description(init)
    information = _information(encryption, description.track)

    def protected(stsd: bytes) -> bytes:
        entry = stsd[16:]
        scheme = full_box(b"schm", 0, 0, encryption.scheme.encode(), _U32.pack(0x10000))
        how = box(b"sinf", box(b"frma", entry[4:8]), scheme, box(b"schi", information))
        kind = b"enca" if description.track == "audio" else b"encv"
        return box(b"stsd", stsd[8:16], box(kind, entry[8:], how))

    parts = [_changed(part, _TO_DESCRIPTIONS, protected) for part in _boxes(init, 0)]
    return b"".join(box(b"moov", part[8:], encryption.pssh) if part[4:8] == b"moov" else part for part in parts)


def encrypt_cell(cell: bytes, description: Description, encryption: SampleEncryption) -> bytes:
    """A cell with its samples encrypted. The same cell gives the same bytes. Raises BadFragment."""
    size = _U32.unpack_from(cell)[0] if len(cell) >= 8 else 0
    if not 8 < size <= len(cell) or cell[4:8] != b"moof":
        raise BadFragment("not a cell")
    fragment, media = Fragment(cell[:size]), bytearray(memoryview(cell)[size:])
    auxiliary = _encrypt(media, fragment, description, encryption)
    return _described(fragment, auxiliary, with_subsamples=description.units is not None) + media


def _encrypt(
    media: bytearray, fragment: Fragment, description: Description, encryption: SampleEncryption
) -> list[bytes]:
    """Encrypts the samples in place; returns what tells of each how it was done."""
    key = encryption.key_of(description.track)
    counts = encryption.scheme == "cenc"
    vectors = _vectors(media, key) if counts else None
    auxiliary: list[bytes] = []
    at = 8  # behind the header of the mdat
    for listed in fragment.list_samples():
        sample = range(at, at + listed.size)
        if sample.stop > len(media):
            raise BadFragment("a cell is cut off")
        parts = [Subsample(0, listed.size)]
        if description.units is not None:
            parts = subsamples(media, sample, description.units, whole_blocks=counts)
        vector = b"" if vectors is None else next(vectors)
        if counts:
            encrypt_counting(media, at, parts, key.key, vector)
        elif description.units is not None:
            encrypt_pattern(media, at, parts, key.key, key.iv)
        else:
            encrypt_blocks(media, sample, key.key, key.iv)
        auxiliary.append(vector if description.units is None else vector + _listed(parts))
        at = sample.stop
    if at != len(media):
        raise BadFragment("a cell holds more than its samples")  # which would stay clear
    return auxiliary


def _vectors(media: bytearray, key: ContentKey) -> Iterator[bytes]:
    """One for each sample.

    They follow from what they are for: no two samples of a key may share one, of whatever rendition or edition, and
    the same cell must come out as the same bytes, so that its ranges can be asked for one by one.
    """
    first = int.from_bytes(blake2b(media, digest_size=_IV_BYTES, key=key.key).digest())
    while True:
        yield first.to_bytes(_IV_BYTES)
        first = (first + 1) % (1 << 8 * _IV_BYTES)


def _listed(parts: Sequence[Subsample]) -> bytes:
    return struct.pack(">H" + "HI" * len(parts), len(parts), *(number for part in parts for number in part))


def _described(fragment: Fragment, auxiliary: Sequence[bytes], *, with_subsamples: bool) -> bytes:
    """The `moof`, with what tells how each sample is encrypted."""
    moof = fragment.moof
    places = find_boxes(bytes(moof), 8, len(moof))
    (traf, end), (run, _) = places[b"traf"], places[b"trun"]
    sizes = [len(each) for each in auxiliary]
    if max(sizes) > 0xFF:
        raise BadFragment("a sample with too many parts")
    count = _U32.pack(len(sizes))
    lengths = full_box(b"saiz", 0, 0, b"\0", count, bytes(sizes))
    entries = full_box(b"senc", 0, _WITH_SUBSAMPLES * with_subsamples, count, *auxiliary)
    offset = full_box(b"saio", 0, 0, _U32.pack(1), _U32.pack(end + len(lengths) + 20 + 16))
    added = lengths + offset + entries
    for at in (0, traf - 8, run + 8):  # sizes of moof and traf, where the samples begin
        _U32.pack_into(moof, at, _U32.unpack_from(moof, at)[0] + len(added))
    return bytes(moof[:end]) + added + bytes(moof[end:])


def _information(encryption: SampleEncryption, track: Track) -> bytes:
    """The `tenc` box."""
    key = encryption.key_of(track)
    if encryption.scheme == "cenc":
        return full_box(b"tenc", 0, 0, bytes((0, 0, 1, _IV_BYTES)), key.kid)
    pattern = 1 << 4 | 9 if track == "video" else 0
    return full_box(b"tenc", 1, 0, bytes((0, pattern, 1, 0)), key.kid, bytes((BLOCK,)), key.iv)


def _units(entry: bytes) -> Units:
    """How pictures are made of units, by the configuration in their sample entry."""
    for part in _boxes(entry, _ENTRY_BYTES["video"]):
        if part[4:8] == b"avcC":
            return Units((part[8 + 4] & 3) + 1, is_hevc=False)
        if part[4:8] == b"hvcC":
            return Units((part[8 + 21] & 3) + 1, is_hevc=True)
    raise NotEncryptable(f"samples of {entry[4:8]!r}")


def _sample_entry(init: bytes) -> bytes:
    found: list[bytes] = []

    def note(stsd: bytes) -> bytes:
        found.append(stsd[16:])
        return stsd

    for part in _boxes(init, 0):
        _changed(part, _TO_DESCRIPTIONS, note)
    if len(found) != 1:
        raise BadFragment("an init segment of other than one track")
    return found[0]


def _changed(whole: bytes, path: Sequence[bytes], change: Callable[[bytes], bytes]) -> bytes:
    """A box, with what lies at the end of a path that begins with it changed."""
    if whole[4:8] != path[0]:
        return whole
    if len(path) == 1:
        return change(whole)
    return box(path[0], *(_changed(part, path[1:], change) for part in _boxes(whole, 8)))


def _boxes(data: bytes, at: int) -> Iterator[bytes]:
    while at < len(data):
        size = _U32.unpack_from(data, at)[0] if at + 8 <= len(data) else 0
        if size < 8 or at + size > len(data):
            raise BadFragment("boxes are cut off")
        yield data[at : at + size]
        at += size
