"""Text tracks and chapters of a part of a film: for clips, and for a video of which another part is shown."""

import asyncio
from fractions import Fraction
from uuid import UUID, uuid5

import msgspec

from matinee.common.database import Connection, Database
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.captions.model import Cue, cut_cues
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import write_vtt
from matinee.modules.pictures.objects import read_whole
from matinee.modules.tracks import repository
from matinee.modules.tracks.repository import NewRow, TrackRow
from matinee.modules.tracks.rules import cut_chapters
from matinee.modules.tracks.schemas import Chapter


class CutTexts(msgspec.Struct, frozen=True):
    """The tracks of a part, whose files are stored, and its chapters."""

    rows: list[NewRow]
    chapters: list[Chapter]
    former: frozenset[UUID]
    """The tracks that they were cut from, and those of which nothing is left."""
    given: bool
    """Whether there are others, which people did not give."""
    former_chapters: list[Chapter]


class TextCutter:
    """Cuts what text a film has by now, whoever gave it."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def cut(
        self, film_id: UUID, video_id: UUID, start: Fraction, end: Fraction, *, edition: int = 1, given: bool = False
    ) -> CutTexts:
        """The texts of a film from `start`, which may lie before its beginning, as tracks of a video.

        `edition` tells those of a video apart from those that it had before; with `given` only what people gave.
        """
        async with self._database.connection() as db:
            tracks = [track for track in await repository.list_tracks(db, film_id) if track.state == "ready"]
            chapters = await repository.find_chapters(db, film_id)
        tracks = [track for track in tracks if not given or _is_given(track)]
        rows = []
        for track in tracks:
            try:
                file = await read_whole(self._storage, keys.captions_key(film_id, track.id))
            except NoSuchObjectError:  # deleted meanwhile
                continue
            cues = await asyncio.to_thread(_cut, file, round(start * 1000), round(end * 1000))
            if cues:
                rows.append(_taken_over(video_id, track, len(cues), edition))
                key = keys.captions_key(video_id, rows[-1].id)
                await self._storage.put(key, write_vtt(cues).encode(), keys.CAPTIONS_TYPE)
        return CutTexts(
            rows,
            cut_chapters(chapters, float(start), float(end)),
            frozenset(track.id for track in tracks),
            given,
            chapters,
        )


async def replace_texts(db: Connection, video_id: UUID, texts: CutTexts) -> list[UUID] | None:
    """Gives a video the texts that were cut from its own, in their place; returns the ids of those that are gone.

    What was being made for the former ones goes, too. None where it has others by now. The video is locked.
    """
    there = await repository.list_tracks(db, video_id)
    ready = {track.id for track in there if track.state == "ready" and (not texts.given or _is_given(track))}
    if texts.former != ready or await repository.find_chapters(db, video_id) != texts.former_chapters:
        return None
    gone = sorted({*texts.former, *(track.id for track in there if track.state != "ready")})
    for track_id in gone:  # 100 at most
        await repository.delete_track(db, video_id, track_id)
    for row in texts.rows:
        await repository.insert_track(db, video_id, row)
    if texts.chapters != texts.former_chapters:
        await repository.set_chapters(db, video_id, texts.chapters)
    return gone


def _is_given(track: TrackRow) -> bool:
    return track.source_stream is None and not track.machine_made


def _cut(file: bytes, start: int, end: int) -> list[Cue]:
    return cut_cues(read_stored(file), start, end)


def _taken_over(video_id: UUID, track: TrackRow, cues: int, edition: int) -> NewRow:
    of_edition = "" if edition == 1 else f" of edition {edition}"
    return NewRow(
        id=uuid5(video_id, f"track {track.id}{of_edition}"),  # the same again, where the job runs twice
        kind=track.kind,
        language=track.language,
        name=track.name,
        is_default=track.is_default,
        is_forced=track.is_forced,
        source_stream=track.source_stream,
        format=track.format,
        encoding=track.encoding,
        cues=cues,
        machine_made=track.machine_made,
        of_sound=track.of_sound,
        created_at=track.created_at if of_edition else None,  # their order in the menu
    )
