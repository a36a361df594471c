"""What the storage should hold of a video, by its row. Pure."""

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from matinee.media import keys
from matinee.media.storyboard import Storyboard
from matinee.modules.encoding.cell_repository import HASHES_A_ROW

Kind = Literal["missing", "wrong_size", "wrong_hash", "orphan", "forgotten_upload"]
Remedy = Literal["make_again", "remove"]
Picture = Literal["poster", "preview", "storyboard"]


class File(msgspec.Struct, frozen=True):
    """An uploaded file that a video keeps; `whole` once its upload has ended."""

    revision: int
    size: int
    whole: bool
    sha256: str | None = None


class Sound(msgspec.Struct, frozen=True):
    """The file of a sound that was added."""

    name: str
    size: int
    whole: bool
    sha256: str | None = None


class Rendition(msgspec.Struct, frozen=True):
    """Which cells of a rendition are recorded: [first, stop) each; `init` is the SHA-256 of its init segment.

    `hashes` are the rows of `cell_hashes`, by their pages.
    """

    name: str
    recipe: str
    cells: int
    bytes: int
    init: str | None
    evictions: int
    stored: list[tuple[int, int]]
    hashes: dict[int, str] = {}

    def md5(self, cell: int) -> str | None:
        """Of a cell; None where it is not known."""
        page, place = divmod(cell, HASHES_A_ROW)
        md5 = self.hashes.get(page, "")[32 * place : 32 * place + 32]
        return md5 if md5.strip("0") else None


class Former(msgspec.Struct, frozen=True):
    """What was replaced, and is kept for a while; `revision` of its file where that went with it."""

    recipe: str
    edition: int
    revision: int | None


class VideoRow(msgspec.Struct, frozen=True):
    """A video; what is a list of Structs is JSON."""

    id: UUID
    deleted: bool
    status: str
    edition: int
    recipe: str | None
    copied: str | None
    """The name of the rendition that is the source's own picture."""
    has_poster: bool
    chosen_poster: str | None
    has_preview: bool
    storyboard: str | None
    files: str
    sounds: str
    renditions: str
    tracks: list[str]
    downloads: list[str]
    marks: list[str]
    """Versions of the watermarks that it, or a clip of it, has or is to have."""
    former: str
    hashes: str
    """By what a key is below the video's, the MD5 of the object, as JSON."""


class Expected(msgspec.Struct, frozen=True):
    """An object that should be there: what is known of it, and what it is of."""

    key: str
    size: int | None = None
    sha256: str | None = None
    md5: str | None = None
    picture: Picture | None = None
    rendition: str | None = None
    cell: int | None = None


class Cells(msgspec.Struct, frozen=True):
    """Recorded cells of a rendition that are lost, [first, stop) each, and how many of its bytes they were.

    Without its init segment all are, also those that were recorded since.
    """

    rendition: str
    recipe: str
    evictions: int
    runs: list[tuple[int, int]]
    bytes: int
    init: bool = False


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Something that is not as it should be."""

    kind: Kind
    key: str
    """Of the object; of a rendition where it is about several of its segments."""
    detail: str
    remedy: Remedy | None = None
    """What `--repair` does about it."""
    video_id: UUID | None = None
    status: str | None = None
    """Of the video."""
    edition: int = 0
    picture: Picture | None = None
    cells: Cells | None = None
    upload_id: str | None = None


def renditions_of(video: VideoRow) -> list[Rendition]:
    """What is recorded of its renditions."""
    return msgspec.json.decode(video.renditions, type=list[Rendition])


def expected_objects(video: VideoRow, renditions: Sequence[Rendition]) -> Iterator[Expected]:
    """Everything that should be there, in the order of the keys, one by one: a film has tens of thousands."""
    files = [
        Expected(keys.source_key(video.id, file.revision), file.size, file.sha256)
        for file in _files(video)
        if file.whole
    ]
    few = [Expected(keys.watermark_key(video.id, version)) for version in video.marks]
    if not video.deleted:
        few += [
            *_pictures(video),
            *_texts(video),
            *(_init(video.id, one) for one in renditions if one.init is not None),
        ]
    hashes = msgspec.json.decode(video.hashes, type=dict[str, str])
    few = [msgspec.structs.replace(one, md5=hashes.get(keys.split(one.key)[1])) for one in few]
    few += files
    if video.deleted:
        return iter(sorted(few, key=_key))
    few += [
        Expected(keys.sound_key(video.id, sound.name), sound.size, sound.sha256)
        for sound in _sounds(video)
        if sound.whole
    ]
    few.sort(key=_key)
    return heapq.merge(few, *(_cells(video.id, rendition) for rendition in renditions), key=_key)


def foreseen_keys(video: VideoRow, renditions: Sequence[Rendition]) -> Iterator[str]:
    """Where an object may lie though nothing says that it does: keys, and prefixes, which end in a slash or a dash.

    It is written before its row, or made when it is first asked for. What is written there again is the same, and it
    goes with what it is of.
    """
    if video.deleted:
        yield keys.video_prefix(video.id)
    yield f"{keys.source_prefix(video.id)}-watermark-"
    if video.status in ("INITIATED", "UPLOADING"):
        yield keys.piece_prefix(video.id)
    for file in _files(video):
        yield keys.source_key(video.id, file.revision)
    for sound in _sounds(video):
        yield keys.sound_key(video.id, sound.name)
    for rendition in renditions:
        yield keys.rendition_prefix(video.id, rendition.recipe, rendition.name)
    if video.recipe is not None:  # the folder of its cells is told by the renditions
        yield from keys.former_prefixes(video.id, video.recipe, video.edition)[1:]
    for former in msgspec.json.decode(video.former, type=list[Former]):
        yield from keys.former_prefixes(video.id, former.recipe, former.edition)
        if former.revision is not None:
            yield keys.source_key(video.id, former.revision)


def is_foreseen(key: str, foreseen: Iterable[str]) -> bool:
    """Whether the key is one of these, or begins with one that is a prefix."""
    return any(key.startswith(place) if place[-1] in "/-" else key == place for place in foreseen)


def _pictures(video: VideoRow) -> Iterator[Expected]:
    if video.has_poster:
        yield Expected(keys.poster_key(video.id, video.edition), picture="poster")
    if video.chosen_poster is not None:
        yield Expected(keys.chosen_poster_key(video.id, video.chosen_poster))
    if video.has_preview:
        yield Expected(keys.preview_key(video.id, video.edition), picture="preview")
    if video.storyboard is not None:
        board = msgspec.json.decode(video.storyboard, type=Storyboard)
        for sheet in range(board.sheets):
            yield Expected(keys.sheet_key(video.id, board.version, sheet, video.edition), picture="storyboard")


def _texts(video: VideoRow) -> Iterator[Expected]:
    for track in video.tracks:
        yield Expected(keys.captions_key(video.id, UUID(track)))
    if video.recipe is not None:
        for name in video.downloads:
            yield Expected(keys.layout_key(video.id, video.recipe, name))
        if video.copied is not None:
            yield Expected(keys.copy_index_key(video.id, video.recipe, video.copied))


def _cells(video_id: UUID, rendition: Rendition) -> Iterator[Expected]:
    name, recipe = rendition.name, rendition.recipe
    for index in in_key_order(rendition.cells):
        if any(first <= index < stop for first, stop in rendition.stored):
            key = keys.cell_key(video_id, recipe, name, index)
            yield Expected(key, md5=rendition.md5(index), rendition=name, cell=index)


def _init(video_id: UUID, rendition: Rendition) -> Expected:
    key = keys.init_key(video_id, rendition.recipe, rendition.name)
    return Expected(key, sha256=rendition.init, rendition=rendition.name)


def in_key_order(stop: int) -> Iterator[int]:
    """The numbers below `stop` as their decimal digits are sorted: 0, 1, 10, 100, 11, 2."""

    def beginning_with(number: int) -> Iterator[int]:
        if number < stop:
            yield number
            for digit in range(10):
                yield from beginning_with(10 * number + digit)

    if stop > 0:
        yield 0
    for digit in range(1, 10):
        yield from beginning_with(digit)


def runs_of(cells: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers in any order as runs, [first, stop) each."""
    runs: list[tuple[int, int]] = []
    for cell in sorted(cells):
        if runs and runs[-1][1] == cell:
            runs[-1] = (runs[-1][0], cell + 1)
        else:
            runs.append((cell, cell + 1))
    return runs


def _files(video: VideoRow) -> list[File]:
    return msgspec.json.decode(video.files, type=list[File])


def _sounds(video: VideoRow) -> list[Sound]:
    return msgspec.json.decode(video.sounds, type=list[Sound])


def _key(expected: Expected) -> str:
    return expected.key
