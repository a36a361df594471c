"""Decisions about pictures: who sees which, and which thumbnail is the one asked for."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET

from matinee.common.database import Connection, Database
from matinee.common.http.viewer import Kind, Viewer
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.media.encode import EncoderOptions
from matinee.media.model import Grid, Plan
from matinee.media.pictures import make_thumbnail
from matinee.media.storyboard import Storyboard as Layout
from matinee.media.storyboard import storyboard_vtt
from matinee.media.thumbnails import (
    CONTENT_TYPES,
    Format,
    ThumbnailSize,
    thumbnail_cell,
    thumbnail_rungs,
    thumbnail_size,
)
from matinee.modules.encoding.copying import Copier
from matinee.modules.pictures import repository
from matinee.modules.pictures.errors import (
    NoPicture,
    NoPoster,
    NoPreview,
    NoStoryboard,
    NoSuchSheet,
    OtherVersionError,
    PictureNotReady,
)
from matinee.modules.pictures.footage import CopyFootage, Footage, RungFootage
from matinee.modules.pictures.plans import Plans
from matinee.modules.pictures.repository import KeyframeFacts, PictureFacts, VideoFacts
from matinee.modules.pictures.schemas import Storyboard, ThumbnailQuery
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.playback.documents import DocumentCache, document
from matinee.modules.playback.objects import Playlist, StoredObject
from matinee.modules.videos.access import seen
from matinee.modules.videos.errors import VideoNotFound, VideoNotPlayable
from matinee.modules.videos.rules import version_query

_read_layout = msgspec.json.Decoder(Layout).decode


class Thumbnail(msgspec.Struct, frozen=True):
    """The thumbnail that answers a request. Its object may still have to be made, of one keyframe."""

    stored: StoredObject
    video_id: UUID
    footage: Footage
    cell: int
    size: ThumbnailSize
    extension: Format


class PictureService:
    """Pictures as viewers get them."""

    def __init__(
        self, database: Database, storage: Storage, plans: Plans, workshop: Workshop, options: EncoderOptions
    ) -> None:
        self._database = database
        self._storage = storage
        self._plans = plans
        self._workshop = workshop
        self._options = options
        self._documents = DocumentCache()
        self._copier = Copier(storage)

    async def poster(
        self, db: Connection, viewer: Viewer, video_id: UUID, version: str | None = None
    ) -> StoredObject:
        """The poster, which may exist before the video can be played: the owner's choice, or the automatic one.

        Raises OtherVersionError where a version is given that is not the present one.
        """
        facts = seen(viewer, video_id, await repository.find_facts(db, video_id), "thumbnail")
        if facts.chosen_poster is None and not facts.has_poster:
            raise NoPoster
        chosen = facts.chosen_poster
        key = keys.poster_key(video_id, facts.edition) if chosen is None else keys.chosen_poster_key(video_id, chosen)
        immutable = _is_present(version, chosen or str(facts.edition))
        return _stored(facts, key, "image/jpeg", immutable=immutable)

    async def preview(
        self, db: Connection, viewer: Viewer, video_id: UUID, version: str | None = None
    ) -> StoredObject:
        """The animated preview. Raises OtherVersionError where a version is given that is not the present one."""
        facts = _playable(viewer, video_id, await repository.find_facts(db, video_id), "thumbnail")
        if not facts.has_preview:
            raise NoPreview
        immutable = _is_present(version, str(facts.edition))
        key = keys.preview_key(video_id, facts.edition)
        return _stored(facts, key, "image/webp", immutable=immutable)

    async def sheet(
        self, db: Connection, viewer: Viewer, video_id: UUID, sheet: int, version: str | None = None
    ) -> StoredObject:
        """A sheet of the storyboard. Raises OtherVersionError where a version is given that is not the present."""
        facts, layout = await self._layout(db, viewer, video_id)
        if sheet >= layout.sheets:
            raise NoSuchSheet
        immutable = _is_present(version, str(facts.edition))
        key = keys.sheet_key(video_id, layout.version, sheet, facts.edition)
        return _stored(facts, key, "image/jpeg", immutable=immutable)

    async def storyboard(self, db: Connection, viewer: Viewer, video_id: UUID) -> Playlist:
        """Where the tiles lie, as JSON."""
        base = f"{viewer.prefix}/playback/{video_id}"

        def write(layout: Layout, plan: Plan, query: str) -> str:
            return msgspec.json.encode(_described(base, layout, plan.grid, query)).decode()

        return await self._written(db, viewer, video_id, "json", write)

    async def storyboard_vtt(self, db: Connection, viewer: Viewer, video_id: UUID) -> Playlist:
        """Where the tiles lie, as WebVTT."""
        return await self._written(
            db, viewer, video_id, "vtt", lambda layout, plan, query: storyboard_vtt(layout, plan.grid, query)
        )

    async def thumbnail(
        self, db: Connection, viewer: Viewer, video_id: UUID, extension: Format, query: ThumbnailQuery
    ) -> Thumbnail:
        """The thumbnail that answers a request. Raises PictureNotReady where nothing has that part yet."""
        plan = await self._plans.find(db, video_id)
        time = None if query.time is UNSET else query.time
        cell = 0 if plan is None else thumbnail_cell(plan, time)
        facts = _playable(viewer, video_id, await repository.find_keyframes(db, video_id, cell), "thumbnail")
        if plan is None:
            raise VideoNotPlayable
        if not plan.video:
            raise NoPicture
        height = None if query.height is UNSET else query.height
        size = thumbnail_size(plan, query.width, height, query.fit)
        footage = self._footage(video_id, facts, plan, size, cell)
        name = f"{size.width}x{size.height}"
        key = keys.thumbnail_key(video_id, plan.recipe, footage.rendition.name, cell, name, extension)
        return Thumbnail(
            # a better rendition may come, and another file
            stored=_stored(facts, key, CONTENT_TYPES[extension], immutable=False),
            video_id=video_id,
            footage=footage,
            cell=cell,
            size=size,
            extension=extension,
        )

    async def ensure(self, wanted: Thumbnail, admit: Callable[[], Awaitable[None]]) -> None:
        """Returns when the thumbnail's object exists; `admit` is asked before one is made, and may refuse.

        Raises TooManyPictures and PictureFailed.
        """
        key = wanted.stored.key
        if not self._workshop.is_making(key):
            if await self._exists(key):
                return
            await admit()
        await self._workshop.make_once(key, lambda: self._make(wanted))

    async def _make(self, wanted: Thumbnail) -> None:
        try:
            (stream,) = await wanted.footage.keyframes([wanted.cell])
        except NoSuchObjectError:  # recorded, yet gone: it is being deleted, or the storage lost it
            raise PictureNotReady from None
        matrix = wanted.footage.matrix
        picture = await make_thumbnail(stream, wanted.size, wanted.extension, matrix=matrix, options=self._options)
        await self._storage.put(wanted.stored.key, picture, wanted.stored.content_type)
        async with self._database.connection() as db:
            gone = not await repository.exists(db, wanted.video_id)
        if gone:  # its objects may have been removed before this one was there
            await self._storage.delete_prefix(
                keys.video_prefix(wanted.video_id), keep=keys.source_prefix(wanted.video_id)
            )

    def _footage(self, video_id: UUID, facts: KeyframeFacts, plan: Plan, size: ThumbnailSize, cell: int) -> Footage:
        """The best rung that has the cell, else the source's own picture. Raises PictureNotReady."""
        prefixes = facts.sizes()
        rung = next((rung for rung in thumbnail_rungs(plan, size) if rung.name in prefixes), None)
        if rung is not None:
            return RungFootage(self._storage, video_id, plan, rung, {cell: prefixes[rung.name]})
        if plan.copied is None:
            raise PictureNotReady
        source = keys.source_key(facts.source_id, facts.source_revision)
        return CopyFootage(self._copier, video_id, plan, plan.copied, source)

    async def _exists(self, key: str) -> bool:
        try:
            await self._storage.size(key)
        except NoSuchObjectError:
            return False
        return True

    async def _layout(self, db: Connection, viewer: Viewer, video_id: UUID) -> tuple[PictureFacts, Layout]:
        facts = _playable(viewer, video_id, await repository.find_facts(db, video_id), "storyboard")
        if facts.storyboard is None:
            raise NoStoryboard
        return facts, _read_layout(facts.storyboard)

    async def _written(
        self,
        db: Connection,
        viewer: Viewer,
        video_id: UUID,
        form: str,
        write: Callable[[Layout, Plan, str], str],
    ) -> Playlist:
        facts, layout = await self._layout(db, viewer, video_id)
        key = (video_id, form, facts.storyboard, facts.edition, viewer.prefix)
        written = self._documents.get(key)
        if written is None:
            plan = await self._plans.find(db, video_id)
            if plan is None:
                raise VideoNotFound
            written = self._documents.keep(key, document(write(layout, plan, version_query(facts.edition))))
        return Playlist(written, facts.is_private)


Facts = TypeVar("Facts", bound=VideoFacts)


def _playable(viewer: Viewer, video_id: UUID, facts: Facts | None, kind: Kind) -> Facts:
    facts = seen(viewer, video_id, facts, kind)
    if facts.status != "READY":
        raise VideoNotPlayable
    return facts


def _is_present(version: str | None, present: str) -> bool:
    """Whether an address names the present version, and so will never mean another; raises OtherVersionError."""
    if version not in (None, present):
        raise OtherVersionError
    return version is not None


def _stored(facts: VideoFacts, key: str, content_type: str, *, immutable: bool) -> StoredObject:
    return StoredObject(
        key=key,
        etag=f'"{key.removeprefix("videos/")}"',
        content_type=content_type,
        private=facts.is_private,
        immutable=immutable,
    )


def _described(base: str, layout: Layout, grid: Grid, query: str) -> Storyboard:
    return Storyboard(
        tile_width=layout.tile_width,
        tile_height=layout.tile_height,
        columns=layout.columns,
        rows=layout.rows,
        tiles=layout.tiles,
        interval=float(layout.cells_per_tile * grid.frames_per_cell / grid.rate.fraction),
        lead=float(grid.lead_frames / grid.rate.fraction),
        duration=float(grid.duration),
        sheets=[f"{base}/storyboard/{sheet}.jpg{query}" for sheet in range(layout.sheets)],
    )
