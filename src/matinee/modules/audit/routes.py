"""HTTP in and out of what was done."""

from starlette.responses import Response, StreamingResponse

from matinee.common.database import Connection, Database
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.audit import record, service
from matinee.modules.audit.schemas import AuditPage, AuditQuery, ExportQuery, OwnEventPage

TAG = "audit"
BASE = "/api/v1/audit"
_KINDS = {
    "ndjson": ("application/x-ndjson", service.as_lines),
    "csv": ("text/csv; charset=utf-8", service.as_table),
}


class AuditRoutes:
    """Operations on what was done. Nothing changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @operation("GET", BASE, tag=TAG, access=Access.ADMIN, errors=(InvalidCursor,))
    async def list_audit_events(self, db: Connection, query: AuditQuery) -> AuditPage:
        """What was done on this server, newest first."""
        return await service.list_events(db, query)

    @operation(
        "GET",
        f"{BASE}/export",
        tag=TAG,
        access=Access.ADMIN,
        produces=("application/x-ndjson", "text/csv"),
        limit=RateLimit("audit-export", 60, 3600, by="user"),
    )
    async def export_audit_events(self, call: Call, query: ExportQuery) -> Response:
        """What was done on this server, newest first, as one file.

        Accounts are named by their ids. That it was exported is recorded, too.
        """
        media_type, write = _KINDS[query.format]
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="audit.{query.format}"',
        }
        if call.scope["method"] == "HEAD":
            return Response(headers=headers, media_type=media_type)
        await record(await call.begin(), "server.audit_exported", format=query.format)
        call.scope["matinee.lift_deadline"]()
        return StreamingResponse(service.export(self._database, query, write), headers=headers, media_type=media_type)

    @operation("GET", "/api/v1/user/audit", tag=TAG, access=Access.PERSON, errors=(InvalidCursor,))
    async def list_own_audit_events(self, call: Call, db: Connection, query: PageQuery) -> OwnEventPage:
        """What concerns the security of your account, newest first."""
        return await service.list_own(db, call.user.user_id, query)
