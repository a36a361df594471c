"""The index, kept by whoever has a moment: changes are rows, and what is folded from them can be folded again."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

import structlog

from matinee.common.database import Connection, Database, DatabaseUnavailable
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.captions.markup import plain
from matinee.media.captions.model import MOST_STORED_BYTES
from matinee.media.captions.read import read_stored
from matinee.modules.search import index_repository as repository
from matinee.modules.search.index_repository import Document, Facts, Track
from matinee.modules.search.rules import (
    RULES,
    Line,
    passages,
    popularity_of,
    stemmer_of,
    vector_of,
    words_of,
    write_lines,
)

log = structlog.get_logger()

_PAUSE = 1.0  # seconds between two looks
_BATCH = 100  # changes a transaction
_REBUILT = 20  # videos of a rebuild a transaction, whose captions are all read: so long a change waits at most
_UNKNOWN = "und"


class Indexer:
    """Folds what has changed of videos into what is searched."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def keep_indexing(self) -> None:
        """Runs until cancelled."""
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                # By turns: an account may have very many videos, and there may be changes without end.
                while await self.index_some() + await self.index_account() or await self.rebuild_some():
                    pass
            except DatabaseUnavailable as error:
                log.warning("search_not_indexed", error=str(error))
            except Exception:  # the storage may be away, and a mistake of ours is no end of searching
                log.exception("search_failed")

    async def index_some(self, most: int = _BATCH) -> int:
        """Indexes the oldest changes; returns how many, 0 also where somebody else is at it.

        A change that comes meanwhile is a row of its own, and taken up the next time.
        """
        async with self._database.connection() as db:
            changes = await repository.list_changes(db, most)
            if not changes or (await repository.find_state(db)).rules > RULES:  # left to workers that know those
                return 0
            videos = {change.video_id for change in changes}
            unread = await repository.list_tracks(db, videos, anew=False)
        for track in unread:
            await self._read(track)
        async with self._database.transaction() as db:
            if not await repository.try_lock(db):
                return 0
            await _rewrite(db, videos)
            await repository.forget_changes(db, changes)
        return len(changes)

    async def index_account(self, most: int = _BATCH) -> bool:
        """Indexes some videos of an account that was shut out, or let in again, the longest ago; False: of none.

        How far it is is a row, written with what is indexed, as it is of a rebuild.
        """
        async with self._database.connection() as db:
            change = await repository.find_account_change(db)
            if change is None or (await repository.find_state(db)).rules > RULES:
                return False
        async with self._database.transaction() as db:
            if not await repository.try_lock(db):
                return False
            videos = await repository.list_of_account(db, change, most)
            if not await repository.move_on_in_account(db, change, videos[-1] if len(videos) == most else None):
                return False
            await _rewrite(db, [video.id for video in videos])
        return True

    async def begin_rebuild(self) -> None:
        """Has everything indexed anew, by whoever has a moment; if that has begun already it goes on."""
        async with self._database.connection() as db:
            await repository.begin_rebuild(db, RULES, asked=True)

    async def count_left(self) -> int | None:
        """Videos that are still to be indexed anew; None: that has ended."""
        async with self._database.connection() as db:
            return await repository.count_left(db)

    async def rebuild_some(self, most: int = _REBUILT) -> int:
        """Indexes the next videos of a rebuild, which new rules begin, too; returns how many.

        How far it is is a row, written with what is indexed: whoever comes next goes on there.
        """
        async with self._database.connection() as db:
            await repository.begin_rebuild(db, RULES, asked=False)
            state = await repository.find_state(db)
            if state.rebuilt_to is None or state.rules != RULES:
                return 0
            videos = await repository.list_next(db, state.rebuilt_to, most + 1)
            last = videos[most - 1] if len(videos) > most else None
            videos = videos[:most]
            tracks = await repository.list_tracks(db, videos, anew=True)
        for track in tracks:
            await self._read(track)
        async with self._database.transaction() as db:
            if not await repository.try_lock(db) or not await repository.move_on(db, state.rebuilt_to, last, RULES):
                return 0
            await _rewrite(db, videos)
        return len(videos)

    async def _read(self, track: Track) -> None:
        try:
            file = await self._storage.read(keys.captions_key(track.video_id, track.id), 0, MOST_STORED_BYTES)
            found = await asyncio.to_thread(_passages, file)
        except NoSuchObjectError:  # being deleted
            found = []
        except ValueError as error:
            log.warning("captions_not_searched", track_id=str(track.id), error=str(error))
            found = []
        texts = found or [[]]  # a row also where there is nothing to find: it is read
        async with self._database.transaction() as db:
            if not await repository.hold_track(db, track):
                return  # it has changed since, and that is a change of its own
            stems = await _stems(db, track.language, [line.text for passage in texts for line in passage])
            vectors = await asyncio.to_thread(_vectors, texts, stems)
            await repository.write_passages(db, track, [write_lines(passage) for passage in texts], vectors)


def _passages(file: bytes) -> list[list[Line]]:
    return list(passages(Line(cue.start, plain(cue.text)) for cue in read_stored(file)))


def _vectors(texts: Sequence[Sequence[Line]], stems: Mapping[str, Sequence[str]]) -> list[str]:
    return [vector_of([line.text for line in passage], lambda word: stems.get(word, ())) for passage in texts]


async def _stems(db: Connection, language: str, texts: Sequence[str]) -> dict[str, list[str]]:
    stemmer = stemmer_of(language)
    if stemmer is None:
        return {}
    words = await asyncio.to_thread(lambda: {word for text in texts for word in words_of(text)})  # of hours of speech
    return await repository.find_stems(db, stemmer, words)


async def _rewrite(db: Connection, videos: Collection[UUID]) -> None:
    await repository.forget(db, videos)
    for facts in await repository.list_facts(db, videos):
        await repository.add(db, await _document(db, facts))


async def _document(db: Connection, facts: Facts) -> Document:
    """In the language that was said or, as a guess, that of its captions."""
    language = facts.language if facts.language != _UNKNOWN or not facts.captions else facts.captions[0]
    head = [facts.title, *facts.tags]
    stems = await _stems(db, language, [*head, facts.description])

    def stems_of(word: str) -> list[str]:
        return stems.get(word, [])

    return Document(
        id=facts.id,
        owner_id=facts.owner_id,
        is_listed=facts.is_listed,
        popularity=popularity_of(facts.views),
        created_at=facts.created_at,
        duration=facts.duration,
        language=_primary(language),
        captions=sorted({_primary(tag) for tag in facts.captions}),
        head=vector_of(head, stems_of, facts.tags),
        body=vector_of([facts.description], stems_of),
    )


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()
