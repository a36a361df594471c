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
from matinee.modules.integrity.stored import store
from matinee.modules.pictures.objects import read_whole
from matinee.modules.tracks import repository
from matinee.modules.tracks.repository import NewRow, TrackRow, WholeChapters
from matinee.modules.tracks.rules import cut_chapters, restored_chapters
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
    whole_chapters: WholeChapters | None = None
    """What the chapters were cut from, in a video of which a part is shown."""


class TextCutter:
    """Cuts what text a film has by now, whoever gave it."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def cut(
        self,
        film_id: UUID,
        video_id: UUID,
        start: Fraction,
        end: Fraction,
        *,
        edition: int = 1,
        shown: Fraction | None = None,
    ) -> CutTexts:
        """The texts of a film from `start`, which may lie before its beginning, as tracks of a video.

        `edition` tells those of a video apart from those that it had before. `shown`: seconds of the part that was
        shown until now, where all of the file is shown again: then only what people gave, as whole as it was.
        """
        async with self._database.connection() as db:
            tracks = [track for track in await repository.list_tracks(db, film_id) if track.state == "ready"]
            chapters, whole = await repository.find_chapters_and_whole(db, film_id)
        given, trimmed = shown is not None, film_id == video_id and shown is None
        tracks = [track for track in tracks if not given or _is_given(track)]
        rows = []
        for track in tracks:
            kept = trimmed and _is_given(track)
            try:
                file = await read_whole(self._storage, keys.captions_key(film_id, track.id))
                if shown is not None and track.whole is not None and track.whole_start is not None:
                    all_of_it = await read_whole(self._storage, keys.captions_key(film_id, track.whole))
                    length = round(shown * 1000)
                    cues = await asyncio.to_thread(_restored, file, all_of_it, track.whole_start, length)
                else:
                    cues = await asyncio.to_thread(_cut, file, round(start * 1000), round(end * 1000))
            except NoSuchObjectError:  # deleted meanwhile
                continue
            if cues or kept:  # of what people wrote an empty part leads back to the whole
                row = _taken_over(video_id, track, len(cues), edition)
                rows.append(_kept_whole(row, track, round(start * 1000)) if kept else row)
                key = keys.captions_key(video_id, row.id)
                await store(self._storage, self._database, key, write_vtt(cues).encode(), keys.CAPTIONS_TYPE)
        if shown is not None and whole is not None:
            cut, whole_chapters = restored_chapters(chapters, whole.items, whole.start, float(shown)), None
        else:
            cut = cut_chapters(chapters, float(start), float(end))
            before = whole or WholeChapters(chapters, 0.0)
            whole_chapters = WholeChapters(before.items, before.start + float(start)) if trimmed else None
        former = frozenset(track.id for track in tracks)
        return CutTexts(rows, cut, former, given, chapters, whole_chapters)


async def replace_texts(db: Connection, video_id: UUID, texts: CutTexts) -> list[UUID] | None:
    """Gives a video the texts that were cut from its own, in their place; returns the ids of objects that are gone.

    What was being made for the former ones goes, too. None where it has others by now. The video is locked.
    """
    there = await repository.list_tracks(db, video_id)
    ready = {track.id for track in there if track.state == "ready" and (not texts.given or _is_given(track))}
    if texts.former != ready or await repository.find_chapters(db, video_id) != texts.former_chapters:
        return None
    ended = [track for track in there if track.id in texts.former or track.state != "ready"]
    for track in ended:  # 100 at most
        await repository.delete_track(db, video_id, track.id)
    for row in texts.rows:
        await repository.insert_track(db, video_id, row)
    if texts.chapters or texts.former_chapters:
        await repository.cut_chapters(db, video_id, texts.chapters, texts.whole_chapters)
    objects = {track.id for track in ended} | {track.whole for track in ended if track.whole is not None}
    return sorted(objects - {row.whole for row in texts.rows})


def _is_given(track: TrackRow) -> bool:
    return track.source_stream is None and not track.machine_made


def _kept_whole(row: NewRow, track: TrackRow, start: int) -> NewRow:
    """The track of a part, which leads back to what it was cut from; `start` is the part's, in milliseconds."""
    whole, before = (track.id, 0) if track.whole is None else (track.whole, track.whole_start or 0)
    return msgspec.structs.replace(row, whole=whole, whole_start=before + start)


def _restored(file: bytes, whole: bytes, start: int, length: int) -> list[Cue]:
    """The cues of the whole, of which `file` was the part from `start` on, milliseconds; it may have been edited."""
    part, every = (
        [msgspec.structs.replace(cue, line=0) for cue in read_stored(each)] for each in (file, whole)
    )  # wherever they stand in their files
    end = start + length
    if part == cut_cues(every, start, end):
        return every
    shifted = [msgspec.structs.replace(cue, start=cue.start + start, end=cue.end + start) for cue in part]
    after = [msgspec.structs.replace(cue, start=max(cue.start, end)) for cue in every if cue.end > end]
    return [*cut_cues(every, 0, start), *shifted, *after]


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
