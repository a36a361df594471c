"""HTTP in and out of channels."""

from typing import Annotated

from msgspec import Meta
from starlette.responses import Response

from matinee.common.database import Connection
from matinee.common.http.answers import IF_NONE_MATCH, NOT_MODIFIED, Answer
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor
from matinee.common.http.rate_limits import RateLimit
from matinee.media.ffmpeg import MIB
from matinee.media.picture_argv import IMAGE_DEMUXERS
from matinee.modules.channels.errors import (
    ChannelNotFound,
    HandleReserved,
    HandleTaken,
    NoChannelPicture,
    NotYourChannel,
    TooManyHandles,
)
from matinee.modules.channels.rules import Picture
from matinee.modules.channels.schemas import (
    Channel,
    ChannelChange,
    ChannelRef,
    ChannelVideosQuery,
    HandleSuggestion,
)
from matinee.modules.channels.service import ChannelService
from matinee.modules.pictures.errors import BadImage, PictureFailed, TooManyPictures
from matinee.modules.pictures.schemas import VersionQuery
from matinee.modules.playback.responses import picture_response, present_response
from matinee.modules.videos.schemas import VideoPage

TAG = "channels"
CHANNEL = "/api/v1/channels/{channel}"
PICTURE = f"{CHANNEL}/pictures/{{kind}}"

LARGEST_IMAGE = 16 * MIB  # what a good camera writes, as of posters
CHANGES = RateLimit("channel", 60, 3600, by="user")

_NOT_OWN = (ChannelNotFound, NotYourChannel)
Kind = Annotated[Picture, Meta(description="`avatar`: beside the name · `banner`: above the page.")]


class ChannelRoutes:
    """Operations on channels. Each account has one: a person, and a team."""

    def __init__(self, channels: ChannelService) -> None:
        self._channels = channels

    @operation("GET", CHANNEL, tag=TAG, access=Access.PUBLIC, errors=(ChannelNotFound,))
    async def get_channel(self, db: Connection, channel: ChannelRef) -> Channel:
        """A channel, by its account's id or its handle.

        By a handle that it had until lately, too; the answer tells the present one.
        """
        return await self._channels.get(db, channel)

    @operation(
        "PATCH",
        CHANNEL,
        tag=TAG,
        access=Access.PERSON,
        errors=(*_NOT_OWN, HandleTaken, HandleReserved, TooManyHandles),
        limit=CHANGES,
    )
    async def change_channel(self, call: Call, db: Connection, channel: ChannelRef, body: ChannelChange) -> Channel:
        """Change your channel, or that of a team of which you are an owner or editor.

        Fields left out stay as they are. Its name is the account's. A handle that is given up is nobody else's for 30
        days, and leads to the channel meanwhile.
        """
        return await self._channels.change(db, call.user, channel, body)

    @operation("GET", f"{CHANNEL}/suggested-handle", tag=TAG, access=Access.PERSON, errors=(*_NOT_OWN, HandleTaken))
    async def suggest_handle(self, call: Call, db: Connection, channel: ChannelRef) -> HandleSuggestion:
        """A handle for your channel, after its name, that nobody has."""
        return await self._channels.suggest(db, call.user, channel)

    @operation("GET", f"{CHANNEL}/videos", tag=TAG, access=Access.PUBLIC, errors=(ChannelNotFound, InvalidCursor))
    async def list_channel_videos(self, db: Connection, channel: ChannelRef, query: ChannelVideosQuery) -> VideoPage:
        """The public videos of a channel, the latest published first.

        Or the most watched: one that was published, or watched more, a minute ago may stand where it stood before.
        """
        return await self._channels.videos(db, channel, query)

    @operation(
        "GET",
        PICTURE,
        tag=TAG,
        access=Access.PUBLIC,
        errors=(ChannelNotFound, NoChannelPicture),
        produces="image/jpeg",
        accepts=(IF_NONE_MATCH,),
        also=(NOT_MODIFIED, Answer(302, "The address names another version than the present one.", ("Location",))),
    )
    async def get_channel_picture(
        self, call: Call, db: Connection, channel: ChannelRef, kind: Kind, query: VersionQuery
    ) -> Response:
        """A picture of a channel.

        With its version in the address it may be kept for ever; another version leads to the present one.
        """
        found = await self._channels.picture(db, channel, kind)
        if query.version not in (None, found.version):
            return present_response(f"{call.scope['path']}?v={found.version}")
        return picture_response(
            found.jpeg, found.version, call.header(b"if-none-match"), immutable=query.version is not None
        )

    @operation(
        "PUT",
        PICTURE,
        tag=TAG,
        access=Access.PERSON,
        errors=(*_NOT_OWN, BadImage, PictureFailed, TooManyPictures),
        limit=CHANGES,
        consumes=tuple(IMAGE_DEMUXERS),
        largest_body=LARGEST_IMAGE,
    )
    async def give_channel_picture(self, call: Call, channel: ChannelRef, kind: Kind, body: bytes) -> Channel:
        """Give a channel a picture.

        The body is a JPEG, PNG or WebP of 16 MiB and 50 megapixels at most. It is scaled and cut to fill 320 by 320
        pixels, a banner 1600 by 400, and encoded anew; nothing else in the file is kept.
        """
        return await self._channels.give_picture(call.begin, call.user, channel, kind, body)

    @operation("DELETE", PICTURE, tag=TAG, access=Access.PERSON, errors=(*_NOT_OWN, NoChannelPicture), limit=CHANGES)
    async def remove_channel_picture(self, call: Call, db: Connection, channel: ChannelRef, kind: Kind) -> None:
        """Show a channel without a picture."""
        await self._channels.remove_picture(db, call.user, channel, kind)
