"""What load balancers and orchestrators are told."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, new_video, problem

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute
from matinee.embedded.databases import drop_database
from matinee.embedded.ports import LOOPBACK, free_ports
from matinee.embedded.postgres import PostgresEndpoint


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

    async def test_a_missing_queue_is_told(self, api: httpx.AsyncClient, services: Services) -> None:
        """Nothing could be encoded."""
        async with services.database.connection() as db:
            await execute(db, "DROP TABLE procrastinate_jobs CASCADE")
        body = problem(await api.get("/ready"), 503, "not_ready")
        assert body["errors"] == [{"path": "queue", "message": "Its tables are missing; run `matinee migrate`."}]

    async def test_a_database_that_is_away_is_told(
        self, api: httpx.AsyncClient, settings: Settings, postgres: PostgresEndpoint
    ) -> None:
        """The storage is asked all the same."""
        drop_database(postgres, settings.database_url.rpartition("/")[2].partition("?")[0])
        body = problem(await api.get("/ready"), 503, "not_ready")
        assert body["errors"] == [{"path": "database", "message": "It does not answer."}]

    async def test_a_missing_bucket_is_told(self, settings: Settings) -> None:
        """The server answers, but there is nowhere to put anything."""
        elsewhere = msgspec.structs.replace(settings, s3_bucket="no-such-bucket")
        async with open_services(elsewhere) as services:
            transport = httpx.ASGITransport(app=create_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                body = problem(await client.get("/ready"), 503, "not_ready")
        assert [fault["path"] for fault in body["errors"]] == ["storage"]


class TestStorageAway:
    """What needs no storage is served; what does is refused in good order, and soon."""

    @pytest.fixture
    async def client(self, settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
        """An application whose storage does not answer, and a user who is signed in."""
        elsewhere = f"http://{LOOPBACK}:{free_ports(1)[0]}"
        async with open_services(msgspec.structs.replace(settings, s3_endpoint_url=elsewhere)) as services:
            transport = httpx.ASGITransport(app=create_app(services))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                account = {"email": "ada@example.org", "password": PASSWORD}
                await client.post("/api/v1/auth/register", json={**account, "name": "Ada"})
                tokens = (await client.post("/api/v1/auth/login", json=account)).json()
                client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
                yield client

    async def test_the_process_lives(self, client: httpx.AsyncClient) -> None:
        """A restart would not bring the storage back."""
        assert (await client.get("/health")).status_code == 200

    async def test_it_is_not_ready(self, client: httpx.AsyncClient) -> None:
        """And says for want of what."""
        body = problem(await client.get("/ready"), 503, "not_ready")
        assert [fault["path"] for fault in body["errors"]] == ["storage"]

    @pytest.mark.parametrize("path", ["/api/v1/videos", "/api/v1/videos/mine", "/api/v1/auth/me"])
    async def test_what_the_database_knows_is_told(self, client: httpx.AsyncClient, path: str) -> None:
        """Lists and accounts."""
        assert (await client.get(path)).status_code == 200

    async def test_an_upload_cannot_begin(self, client: httpx.AsyncClient) -> None:
        """It can be tried again in a moment; the video waits for it."""
        answer = await client.post("/api/v1/videos/init", json=new_video())
        assert answer.status_code == 201  # its storage is asked when the first address is
        answer = await client.get(f"/api/v1/videos/signedurl/{answer.json()['video']['id']}")
        problem(answer, 503, "storage_unavailable")
        assert int(answer.headers["retry-after"]) > 0
