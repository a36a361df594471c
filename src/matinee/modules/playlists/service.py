"""Decisions about playlists: who sees and arranges which, and what stands where."""

from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.pagination import Cursor, PageQuery, decode_cursor, encode_cursor
from matinee.common.http.viewer import Viewer
from matinee.modules.playlists import repository
from matinee.modules.playlists.errors import (
    ItemNotFound,
    PlaylistFull,
    PlaylistNotFound,
    TooManyPlaylists,
    TwoPlaces,
    WatchLaterStays,
)
from matinee.modules.playlists.repository import ItemRow, PlaceCursor, PlaylistRow
from matinee.modules.playlists.rules import MOST_ITEMS, MOST_PLAYLISTS, place_between
from matinee.modules.playlists.schemas import (
    ItemPage,
    ItemQuery,
    NewPlaylist,
    OwnPlaylistPage,
    OwnPlaylistQuery,
    Place,
    Playlist,
    PlaylistChange,
    PlaylistItem,
    PlaylistPage,
)
from matinee.modules.playlists.views import Videos, item_of, own_playlist_of, playlist_of
from matinee.modules.teams.rules import EDITORS, MEMBERS, acting_for
from matinee.modules.videos.access import may_change
from matinee.modules.videos.service import VideoService


class PlaylistService:
    """Playlists as people see and arrange them. Of each video is shown what the viewer may see of it anyway."""

    def __init__(self, videos: VideoService) -> None:
        self._videos = videos

    async def make(self, db: Connection, caller: Caller, new: NewPlaylist) -> Playlist:
        """An empty playlist. Raises TooManyPlaylists, TeamNotFound and TeamRoleNeeded."""
        owner_id = acting_for(caller, new.owner, EDITORS)
        if not await repository.hold_owner(db, owner_id):
            raise Unauthenticated("This account no longer exists.")
        if await repository.count_playlists(db, owner_id) >= MOST_PLAYLISTS:
            raise TooManyPlaylists
        return await self.get(db, Viewer(caller), await repository.insert_playlist(db, owner_id, new))

    async def list_own(self, db: Connection, caller: Caller, query: OwnPlaylistQuery) -> OwnPlaylistPage:
        """The caller's playlists, or those of a team of his. Raises TeamNotFound, and VideoNotFound with its kin."""
        owner_id, after = acting_for(caller, query.owner or None, MEMBERS), decode_cursor(query.cursor)
        if query.video is not UNSET:  # else it could be asked which place is that of a video one may not see
            await self._videos.seen(db, Viewer(caller), query.video)
        rows = await repository.list_own(db, owner_id, query.video or None, query.limit, after)
        videos = await self._covers(db, Viewer(caller), rows[: query.limit])
        return OwnPlaylistPage(
            items=[own_playlist_of(row, videos) for row in rows[: query.limit]], next_cursor=_next(rows, query.limit)
        )

    async def list_public(self, db: Connection, viewer: Viewer, owner_id: UUID, query: PageQuery) -> PlaylistPage:
        """What an account shows everybody; nothing of one that is not there."""
        rows = await repository.list_public(db, owner_id, query.limit, decode_cursor(query.cursor))
        videos = await self._covers(db, viewer, rows[: query.limit])
        return PlaylistPage(
            items=[playlist_of(row, videos) for row in rows[: query.limit]], next_cursor=_next(rows, query.limit)
        )

    async def get(self, db: Connection, viewer: Viewer, playlist_id: UUID) -> Playlist:
        """A playlist that the viewer may see. Raises PlaylistNotFound for any other."""
        row = await self._seen(db, viewer, playlist_id)
        return playlist_of(row, await self._covers(db, viewer, [row]))

    async def change(self, db: Connection, caller: Caller, playlist_id: UUID, change: PlaylistChange) -> Playlist:
        """Says something else of it. Raises PlaylistNotFound and WatchLaterStays."""
        await self._own(db, caller, playlist_id, made_in=False)
        await repository.change_playlist(db, playlist_id, change)
        return await self.get(db, Viewer(caller), playlist_id)

    async def delete(self, db: Connection, caller: Caller, playlist_id: UUID) -> None:
        """Deletes it; its videos stay. Raises PlaylistNotFound and WatchLaterStays."""
        await self._own(db, caller, playlist_id, made_in=False)
        await repository.delete_playlist(db, playlist_id)

    async def delete_some_of(self, db: Connection, owner_id: UUID, most: int) -> int:
        """Deletes so many of an account's playlists; returns how many."""
        return await repository.delete_some_playlists(db, owner_id, most)

    async def items(self, db: Connection, viewer: Viewer, playlist_id: UUID, query: ItemQuery) -> ItemPage:
        """A page of a playlist. Raises PlaylistNotFound."""
        cursor = decode_cursor(query.cursor, PlaceCursor)
        playlist = await self._seen(db, viewer, playlist_id)
        rows = await self._page(db, viewer, playlist_id, query, cursor)
        if not rows:
            return ItemPage(items=[], next_cursor=None, previous_cursor=None)
        skipped = await repository.count_before(db, playlist_id, rows[0].place)
        videos = await self._videos.summaries(db, viewer, [row.video_id for row in rows])
        return ItemPage(
            items=[item_of(row, skipped + number, videos) for number, row in enumerate(rows, 1)],
            next_cursor=_beside(rows[-1], backward=False) if skipped + len(rows) < playlist.items else None,
            previous_cursor=_beside(rows[0], backward=True) if skipped else None,
        )

    async def add(
        self, db: Connection, caller: Caller, playlist_id: UUID, video_id: UUID, place: Place
    ) -> PlaylistItem:
        """Puts a video in that the caller may see; one that is there already stays where it is.

        Raises PlaylistNotFound, VideoNotFound, PasswordRequired, ItemNotFound, TwoPlaces and PlaylistFull.
        """
        await self._own(db, caller, playlist_id)
        await self._videos.seen(db, Viewer(caller), video_id)
        count = await self._locked(db, playlist_id)
        if await repository.find_video(db, playlist_id, video_id) is None:
            if count >= MOST_ITEMS:
                raise PlaylistFull
            chosen = await self._choose(db, playlist_id, None, place)
            await repository.add_item(db, playlist_id, video_id, chosen)
        return await self._shown(db, caller, playlist_id, await repository.find_video(db, playlist_id, video_id))

    async def move(
        self, db: Connection, caller: Caller, playlist_id: UUID, item_id: UUID, place: Place
    ) -> PlaylistItem:
        """Has an item stand elsewhere. Raises PlaylistNotFound, ItemNotFound and TwoPlaces."""
        await self._own(db, caller, playlist_id)
        await self._locked(db, playlist_id)
        if await repository.find_item(db, playlist_id, item_id) is None:
            raise ItemNotFound
        if item_id not in (place.before, place.after):
            await repository.move_item(db, item_id, await self._choose(db, playlist_id, item_id, place))
        return await self._shown(db, caller, playlist_id, await repository.find_item(db, playlist_id, item_id))

    async def remove(self, db: Connection, caller: Caller, playlist_id: UUID, item_id: UUID) -> None:
        """Takes an item out, whether its video may be seen or not. Raises PlaylistNotFound and ItemNotFound."""
        await self._own(db, caller, playlist_id)
        await self._locked(db, playlist_id)
        if not await repository.remove_item(db, playlist_id, item_id):
            raise ItemNotFound

    async def _page(
        self, db: Connection, viewer: Viewer, playlist_id: UUID, query: ItemQuery, cursor: PlaceCursor | None
    ) -> list[ItemRow]:
        if cursor is not None:
            read = repository.list_before if cursor.backward else repository.list_behind
            return await read(db, playlist_id, cursor.place, query.limit)
        middle = await self._held(db, viewer, playlist_id, query.around) if query.around is not UNSET else None
        if middle is None:
            return await repository.list_first(db, playlist_id, query.limit)
        before = await repository.list_before(db, playlist_id, middle.place, query.limit // 2)
        room = query.limit - len(before) - 1
        behind = await repository.list_behind(db, playlist_id, middle.place, room) if room else []
        return [*before, middle, *behind]

    async def _held(self, db: Connection, viewer: Viewer, playlist_id: UUID, video_id: UUID) -> ItemRow | None:
        """The item that holds the video; none of one that the viewer may not see."""
        if not await self._videos.summaries(db, viewer, [video_id]):
            return None
        return await repository.find_video(db, playlist_id, video_id)

    async def _choose(self, db: Connection, playlist_id: UUID, item_id: UUID | None, place: Place) -> int:
        """A place that is free. The playlist is held."""
        if place.before and place.after:
            raise TwoPlaces
        while True:
            around = await repository.find_neighbours(db, playlist_id, item_id, place.before, place.after)
            if around is None:
                raise ItemNotFound
            chosen = place_between(around.low, around.high)
            if chosen is not None:
                return chosen
            await repository.renumber(db, playlist_id)

    async def _shown(self, db: Connection, caller: Caller, playlist_id: UUID, row: ItemRow | None) -> PlaylistItem:
        assert row is not None  # the playlist is held
        before = await repository.count_before(db, playlist_id, row.place)
        return item_of(row, before + 1, await self._videos.summaries(db, Viewer(caller), [row.video_id]))

    async def _covers(self, db: Connection, viewer: Viewer, rows: Sequence[PlaylistRow]) -> Videos:
        """Those of the playlists' first videos that the viewer may see."""
        return await self._videos.summaries(db, viewer, list({each for row in rows for each in row.first_videos}))

    async def _seen(self, db: Connection, viewer: Viewer, playlist_id: UUID) -> PlaylistRow:
        row = await repository.find_playlist(db, playlist_id)
        if row is None or not _may_see(viewer, row):
            raise PlaylistNotFound
        return row

    async def _own(self, db: Connection, caller: Caller, playlist_id: UUID, *, made_in: bool = True) -> None:
        """A playlist that the caller may arrange; unless `made_in`, one that somebody has made."""
        row = await repository.find_playlist(db, playlist_id)
        if row is None or not may_change(caller, row.owner_id):
            raise PlaylistNotFound
        if row.kind == "watch_later" and not made_in:
            raise WatchLaterStays

    async def _locked(self, db: Connection, playlist_id: UUID) -> int:
        """How many items it has; nobody else arranges it until the transaction ends."""
        count = await repository.lock_playlist(db, playlist_id)
        if count is None:
            raise PlaylistNotFound
        return count


def _may_see(viewer: Viewer, row: PlaylistRow) -> bool:
    """Who came with a playback token has what everybody has."""
    caller = viewer.caller if viewer.grant is None else None
    if row.is_withheld:
        return caller is not None and caller.role == "ADMIN"
    return row.visibility != "private" or (
        caller is not None and (may_change(caller, row.owner_id) or row.owner_id in caller.teams)
    )


def _beside(row: ItemRow, *, backward: bool) -> str:
    return encode_cursor(PlaceCursor(row.added_at, row.id, row.place, backward))


def _next(rows: Sequence[PlaylistRow], limit: int) -> str | None:
    """`rows` holds one more than the page where another page follows."""
    return encode_cursor(Cursor(rows[limit - 1].updated_at, rows[limit - 1].id)) if len(rows) > limit else None
