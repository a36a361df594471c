"""What administrators do with videos of others is recorded: here, for every operation that changes one."""

from collections.abc import Mapping
from uuid import UUID

from matinee.common.database import Connection
from matinee.common.http.authentication import Caller, KeyScope
from matinee.modules import audit
from matinee.modules.videos import repository
from matinee.modules.videos.access import is_own

_CHANGING: tuple[KeyScope, ...] = ("videos:write", "uploads:write")


async def note_change(
    db: Connection, caller: Caller, operation: str, scope: KeyScope | None, path: Mapping[str, str]
) -> None:
    """Records what an administrator has done, where it changes a video that he could not change as anybody else.

    Beside a line of the operation's own, if it has one: so these are all that there is.
    """
    if scope not in _CHANGING or "video_id" not in path:
        return
    video_id = UUID(path["video_id"])
    owner_id = await repository.find_owner(db, video_id)
    if owner_id is not None and not is_own(caller, owner_id):
        await audit.record(db, "video.administered", video_id, account=owner_id, operation=operation)
