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
                while await self.index_some():
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
            videos = {change.video_id for change in changes}
            unread = await repository.list_unread(db, videos) if videos else []
        for track in unread:
            await self._read(track)
        if not changes:
            return 0
        async with self._database.transaction() as db:
            if not await repository.try_lock(db):
                return 0
            await _rewrite(db, videos)
            await repository.forget_changes(db, changes)
        return len(changes)

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
            stems = await _stems(db, track.language, [line.text for passage in texts for line in passage])
            vectors = await asyncio.to_thread(_vectors, texts, stems)
            await repository.add_passages(db, track, [write_lines(passage) for passage in texts], vectors)


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
