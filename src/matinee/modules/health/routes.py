"""HTTP in and out of health."""

import asyncio

import asyncpg

from matinee import __version__
from matinee.common.database import Database, DatabaseUnavailable, fetch_value
from matinee.common.errors import Unavailable
from matinee.common.http.contract import Access, operation
from matinee.common.migrations import missing_migrations
from matinee.common.storage.port import Storage
from matinee.common.validation import Fault
from matinee.modules.health.schemas import Live, Ready

TAG = "health"
_PATIENCE = 3.0  # seconds a dependency may take before it counts as down


class NotReady(Unavailable):
    """Something that requests need is missing."""

    code = "not_ready"


class HealthRoutes:
    """What a load balancer and an orchestrator ask."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    @operation("GET", "/health", tag=TAG, access=Access.PUBLIC)
    async def health(self) -> Live:
        """Whether the process lives.

        It touches nothing else: a process must not be restarted because its database is away.
        """
        return Live("ok", __version__)

    @operation("GET", "/ready", tag=TAG, access=Access.PUBLIC, errors=(NotReady,))
    async def ready(self) -> Ready:
        """Whether requests can be served: database, migrations, queue and object storage."""
        database, storage = await asyncio.gather(self._check_database(), self._check_storage())
        checks = {**database, "storage": storage}
        faults = [Fault(name, state) for name, state in checks.items() if state != "ok"]
        if faults:
            raise NotReady("; ".join(f"{fault.path}: {fault.message}" for fault in faults), faults=faults)
        return Ready(status="ok", checks=checks)

    async def _check_database(self) -> dict[str, str]:
        try:
            async with asyncio.timeout(_PATIENCE), self._database.connection() as db:
                missing = await missing_migrations(db)
                queue = await fetch_value(db, "SELECT to_regclass('procrastinate_jobs') IS NOT NULL")
        except (DatabaseUnavailable, asyncpg.PostgresError, TimeoutError):
            return {"database": "It does not answer."}
        return {
            "database": "ok",
            "migrations": f"Not applied: {', '.join(missing)}; run `matinee migrate`." if missing else "ok",
            "queue": "ok" if queue else "Its tables are missing; run `matinee migrate`.",
        }

    async def _check_storage(self) -> str:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._storage.check()
        except Unavailable as error:
            return error.detail
        except TimeoutError:
            return "It does not answer."
        return "ok"
