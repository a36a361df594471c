"""HTTP in and out of imports."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.imports.errors import ImportsOff, InvalidImportUrl
from matinee.modules.imports.schemas import NewImport
from matinee.modules.imports.service import ImportService
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.teams.errors import NOT_ACTING
from matinee.modules.videos.schemas import Video


class ImportRoutes:
    """Operations that have files fetched."""

    def __init__(self, imports: ImportService) -> None:
        self._imports = imports

    @operation(
        "POST",
        "/api/v1/videos/import",
        tag="uploads",
        scope="uploads:write",
        status=201,
        errors=(InvalidImportUrl, ImportsOff, QuotaExceeded, *NOT_ACTING),
        idempotent=True,
        limit=RateLimit("imports", 120, 3600, by="user"),
    )
    async def import_video(self, call: Call, db: Connection, body: NewImport) -> Video:
        """Make a video of a file that lies at an address on the web.

        A worker fetches it; `import` of the video tells how much is here, and its events tell each change. When it
        has arrived, all is as after an upload. What cannot be fetched FAILED and says why; a retry goes on where it
        stopped. `abort`, or deleting the video, ends it.
        """
        return await self._imports.begin(db, call.user, body)
