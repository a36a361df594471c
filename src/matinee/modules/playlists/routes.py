"""HTTP in and out of playlists."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.playlists.errors import (
    ItemNotFound,
    PlaylistFull,
    PlaylistNotFound,
    TooManyPlaylists,
    TwoPlaces,
    WatchLaterStays,
)
from matinee.modules.playlists.schemas import (
    AccountId,
    ItemId,
    ItemPage,
    ItemQuery,
    NewPlaylist,
    OwnPlaylistPage,
    OwnPlaylistQuery,
    Place,
    Playlist,
    PlaylistChange,
    PlaylistId,
    PlaylistItem,
    PlaylistPage,
)
from matinee.modules.playlists.service import PlaylistService
from matinee.modules.teams.errors import NOT_ACTING, TeamNotFound
from matinee.modules.videos.errors import UNSEEN
from matinee.modules.videos.schemas import VideoId

TAG = "playlists"
PLAYLISTS = "/api/v1/playlists"
PLAYLIST = f"{PLAYLISTS}/{{playlist_id}}"
ITEMS = f"{PLAYLIST}/items"
ITEM = f"{ITEMS}/{{item_id}}"
MAKING = RateLimit("playlist", 120, 3600, by="user")
ARRANGING = RateLimit("playlist-item", 600, 600, by="user")


class PlaylistRoutes:
    """Operations on playlists."""

    def __init__(self, playlists: PlaylistService) -> None:
        self._playlists = playlists

    @operation(
        "GET", f"{PLAYLISTS}/mine", tag=TAG, scope="playlists:read", errors=(InvalidCursor, TeamNotFound, *UNSEEN)
    )
    async def list_my_playlists(self, call: Call, db: Connection, query: OwnPlaylistQuery) -> OwnPlaylistPage:
        """The playlists of the signed-in user, or of a team, the last changed first.

        With `video`, each tells whether it holds that one.
        """
        return await self._playlists.list_own(db, call.user, query)

    @operation(
        "GET",
        "/api/v1/users/{user_id}/playlists",
        tag=TAG,
        access=Access.OPTIONAL,
        scope="playlists:read",
        errors=(InvalidCursor,),
    )
    async def list_public_playlists(
        self, call: Call, db: Connection, user_id: AccountId, query: PageQuery
    ) -> PlaylistPage:
        """What a person or a team shows everybody, the last changed first."""
        return await self._playlists.list_public(db, call.viewer, user_id, query)

    @operation(
        "POST",
        PLAYLISTS,
        tag=TAG,
        scope="playlists:write",
        status=201,
        errors=(TooManyPlaylists, *NOT_ACTING),
        limit=MAKING,
        idempotent=True,
    )
    async def make_playlist(self, call: Call, db: Connection, body: NewPlaylist) -> Playlist:
        """Make a playlist."""
        return await self._playlists.make(db, call.user, body)

    @operation("GET", PLAYLIST, tag=TAG, access=Access.OPTIONAL, scope="playlists:read", errors=(PlaylistNotFound,))
    async def get_playlist(self, call: Call, db: Connection, playlist_id: PlaylistId) -> Playlist:
        """What is said of a playlist.

        Another user's private playlist answers 404, as one that does not exist.
        """
        return await self._playlists.get(db, call.viewer, playlist_id)

    @operation("PATCH", PLAYLIST, tag=TAG, scope="playlists:write", errors=(PlaylistNotFound, WatchLaterStays))
    async def change_playlist(
        self, call: Call, db: Connection, playlist_id: PlaylistId, body: PlaylistChange
    ) -> Playlist:
        """Change what is said of a playlist, or who may see it.

        Fields left out stay as they are.
        """
        return await self._playlists.change(db, call.user, playlist_id, body)

    @operation("DELETE", PLAYLIST, tag=TAG, scope="playlists:write", errors=(PlaylistNotFound, WatchLaterStays))
    async def delete_playlist(self, call: Call, db: Connection, playlist_id: PlaylistId) -> None:
        """Delete a playlist; its videos stay."""
        await self._playlists.delete(db, call.user, playlist_id)

    @operation(
        "GET",
        ITEMS,
        tag=TAG,
        access=Access.OPTIONAL,
        scope="playlists:read",
        errors=(PlaylistNotFound, InvalidCursor),
    )
    async def list_playlist_items(
        self, call: Call, db: Connection, playlist_id: PlaylistId, query: ItemQuery
    ) -> ItemPage:
        """What is in a playlist, in its order.

        Of a video that the caller may not see, or that was deleted, the place alone.
        """
        return await self._playlists.items(db, call.viewer, playlist_id, query)

    @operation(
        "PUT",
        f"{PLAYLIST}/videos/{{video_id}}",
        tag=TAG,
        scope="playlists:write",
        errors=(PlaylistNotFound, *UNSEEN, ItemNotFound, TwoPlaces, PlaylistFull),
        limit=ARRANGING,
    )
    async def add_to_playlist(
        self, call: Call, db: Connection, playlist_id: PlaylistId, video_id: VideoId, body: Place
    ) -> PlaylistItem:
        """Put a video into a playlist, at the end or beside an item.

        It stands there once: one that is there already stays where it is.
        """
        return await self._playlists.add(db, call.user, playlist_id, video_id, body)

    @operation(
        "PUT",
        f"{ITEM}/place",
        tag=TAG,
        scope="playlists:write",
        errors=(PlaylistNotFound, ItemNotFound, TwoPlaces),
        limit=ARRANGING,
    )
    async def move_playlist_item(
        self, call: Call, db: Connection, playlist_id: PlaylistId, item_id: ItemId, body: Place
    ) -> PlaylistItem:
        """Have an item stand elsewhere in its playlist: beside another, or at the end."""
        return await self._playlists.move(db, call.user, playlist_id, item_id, body)

    @operation(
        "DELETE",
        ITEM,
        tag=TAG,
        scope="playlists:write",
        errors=(PlaylistNotFound, ItemNotFound),
        limit=ARRANGING,
    )
    async def remove_from_playlist(
        self, call: Call, db: Connection, playlist_id: PlaylistId, item_id: ItemId
    ) -> None:
        """Take an item out of a playlist, whether its video may be seen or not."""
        await self._playlists.remove(db, call.user, playlist_id, item_id)
