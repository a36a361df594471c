"""What load balancers and orchestrators are told."""

import httpx
import msgspec
from tests.integration.conftest import problem

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute


class TestHealth:
    async def test_it_answers_without_touching_anything(self, api: httpx.AsyncClient, services: Services) -> None:
        """Also when the database is away: a restart of the process would not help."""
        await services.database.close()
        answer = await api.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")


class TestReady:
    async def test_everything_that_requests_need_is_named(self, api: httpx.AsyncClient) -> None:
        """Database, migrations, queue, storage."""
        answer = await api.get("/ready")
        assert answer.json()["checks"] == dict.fromkeys(("database", "migrations", "queue", "storage"), "ok")

    async def test_a_missing_migration_is_told(self, api: httpx.AsyncClient, services: Services) -> None:
        """With the command that helps."""
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM _yoyo_migration WHERE migration_id = '0002_videos'")
        body = problem(await api.get("/ready"), 503, "not_ready")
        assert body["errors"] == [
            {"path": "migrations", "message": "Not applied: 0002_videos; run `matinee migrate`."}
        ]

    async def test_a_missing_bucket_is_told(self, settings: Settings) -> None:
        """The server answers, but there is nowhere to put anything."""
        elsewhere = msgspec.structs.replace(settings, s3_bucket="no-such-bucket")
        async with open_services(elsewhere) as services:
            transport = httpx.ASGITransport(app=create_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                body = problem(await client.get("/ready"), 503, "not_ready")
        assert [fault["path"] for fault in body["errors"]] == ["storage"]
