"""The cells that a clip shares with the film it was cut from: copied where the film has them, and not made anew."""

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

import msgspec
import structlog

from matinee.common.database import Database
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.boxes import BadFragment
from matinee.media.cells import Cell
from matinee.media.clips import film_cell, film_sound_cells, moved_cell, moved_sound
from matinee.media.model import AudioRendition, Plan
from matinee.modules.encoding import cell_repository, repository
from matinee.modules.encoding.repository import WorkRow
from matinee.modules.encoding.service import read_plan

log = structlog.get_logger()


class Takes(Protocol):
    """Whoever is given the cells: they are kept when this returns."""

    async def publish(self, cell: Cell) -> None: ...


class _Film(msgspec.Struct, frozen=True):
    id: UUID
    plan: Plan


class FilmCells:
    """Copies cells. What it does not copy is left to the encoder, and comes out the same."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def copy(
        self, work: WorkRow, plan: Plan, wanted: Mapping[str, Collection[int]], publisher: Takes
    ) -> set[tuple[str, int]]:
        """Publishes those of the wanted cells of pictures, by rendition, that the film has; returns which."""
        copied: set[tuple[str, int]] = set()
        film = await self._film_of(work)
        if film is None:
            return copied
        for name, indexes in wanted.items():
            places = {index: film_cell(film.plan, plan, name, index) for index in indexes}
            shared = {index: place for index, place in sorted(places.items()) if place is not None}
            stored = await self._stored(film, name, shared.values())
            init = b""
            for index, place in shared.items():
                if place not in stored:
                    continue
                init = init or await self._read(keys.init_key(film.id, film.plan.recipe, name))
                data = await self._read(keys.cell_key(film.id, film.plan.recipe, name, place))
                if init and data and (cell := _moved(plan, name, index, init, data)) is not None:
                    await publisher.publish(cell)
                    copied.add((name, index))
        return copied

    async def copy_sound(self, work: WorkRow, plan: Plan, sound: AudioRendition, first: int, publisher: Takes) -> int:
        """Publishes the cells of a sound from `first` on, up to one that the film cannot give; returns that one."""
        film = await self._film_of(work)
        if film is None:
            return first
        name = sound.name
        stored = await self._stored(film, name, range(film.plan.grid.cells))
        held: dict[int, bytes] = {}
        for index in range(first, plan.grid.cells):
            places = film_sound_cells(film.plan, plan, sound, index)
            if not places or not stored.issuperset(places):
                return index
            held = {
                place: held.get(place) or await self._read(keys.cell_key(film.id, film.plan.recipe, name, place))
                for place in places
            }
            try:
                cell = moved_sound(film.plan, plan, sound, index, held)
            except BadFragment as error:
                log.warning("film_cell_unusable", film_id=str(film.id), rendition=name, why=str(error))
                return index
            await publisher.publish(cell)
        return plan.grid.cells

    async def _film_of(self, work: WorkRow) -> _Film | None:
        """The film, while it is there and still made from the same file."""
        if work.cut_from is None:
            return None
        async with self._database.connection() as db:
            film = await repository.find_work(db, work.cut_from)
        if film is None or film.plan is None or film.source_key != work.source_key:
            return None
        return _Film(work.cut_from, read_plan(film.plan))

    async def _stored(self, film: _Film, name: str, places: Collection[int]) -> set[int]:
        if not places:
            return set()
        async with self._database.connection() as db:
            stored = await cell_repository.find_stored(db, film.id, range(min(places), max(places) + 1))
        return set(stored[name].cells) if name in stored and stored[name].recipe == film.plan.recipe else set()

    async def _read(self, key: str) -> bytes:
        """The object; nothing where it was evicted or deleted since."""
        try:
            return b"".join([block async for block in self._storage.stream(key)])
        except NoSuchObjectError:
            return b""


def _moved(plan: Plan, name: str, index: int, init: bytes, data: bytes) -> Cell | None:
    try:
        return moved_cell(plan, name, index, init, data)
    except BadFragment as error:
        log.warning("film_cell_unusable", rendition=name, cell=index, why=str(error))
        return None
