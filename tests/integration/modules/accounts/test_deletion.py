"""An account is closed at once, can be restored for a while, and then everything goes."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, problem, remove_deleted

from matinee.bootstrap import Services
from matinee.cli import users
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.jobs import JobLostError, JobRun
from matinee.media import keys
from matinee.modules.accounts import closing
from matinee.modules.videos.service import VideoService

DELETION = "/api/v1/user/deletion"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
_OVER = "UPDATE users SET erase_at = now() WHERE id = %s"
_LATER = "UPDATE videos SET deleted_at = deleted_at - interval '1 hour' WHERE owner_id = %s"
_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT id FROM procrastinate_jobs WHERE task_name = 'accounts.erase' AND status = 'todo' LIMIT 1)
RETURNING id
"""


async def sign_in(person: Person, **fields: Any) -> httpx.Response:
    body = {"email": person.email, "password": PASSWORD, **fields}
    answer = await person.client.post(LOGIN, json=body)
    person.client.cookies.clear()
    return answer


async def erase(services: Services, account: Person) -> None:
    """A worker's run of the job that erases the account, if there is one."""
    async with services.database.connection() as db:
        worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        job = await fetch_value(db, _TAKE, (worker,))
    if job is not None:
        try:
            await services.closing.erase(JobRun(job, worker, 1), account.id)
        finally:
            async with services.database.connection() as db:
                await execute(db, "DELETE FROM procrastinate_jobs WHERE id = %s", (job,))


async def close(services: Services, account: Person) -> None:
    """Deletes an account, and lets its time of grace pass."""
    assert (await account.post(DELETION, {"password": PASSWORD})).status_code == 200
    async with services.database.connection() as db:
        await execute(db, _OVER, (UUID(account.id),))
    await services.closing.begin_erasing()


async def is_there(services: Services, account: Person) -> bool:
    async with services.database.connection() as db:
        return bool(await fetch_value(db, "SELECT count(*) FROM users WHERE id = %s", (UUID(account.id),)))


class TestClosing:
    async def test_shuts_it_out_at_once(self, ada: Person, bob: Person, clock: Clock) -> None:
        """Everywhere, and its videos for everybody; who signs in is told until when he can come back."""
        video_id = (await ada.init())["video"]["id"]
        await ada.post(f"/api/v1/videos/{video_id}/viewers", {"email": bob.email})
        foreseen = (await ada.get(DELETION)).json()["erase_at"]
        deletion = (await ada.post(DELETION, {"password": PASSWORD})).json()
        assert datetime.fromisoformat(deletion["erase_at"]) - datetime.fromisoformat(foreseen) < timedelta(minutes=1)
        clock.offset += 1
        problem(await ada.get(ME), 401, "invalid_token")
        problem(await bob.get(f"/api/v1/videos/{video_id}"), 404, "video_not_found")
        assert deletion["erase_at"][:10] in problem(await sign_in(ada), 403, "account_closed")["detail"]

    async def test_asks_the_password(self, ada: Person) -> None:
        """Whoever finds a device open deletes nothing."""
        problem(await ada.post(DELETION, {"password": "wrong horse"}), 403, "wrong_account_password")
        assert (await ada.get(ME)).status_code == 200

    async def test_restored_everything_is_as_before(self, ada: Person, services: Services, clock: Clock) -> None:
        """By signing in with `restore`; a job that was about to erase it finds nothing to do."""
        video_id = (await ada.init())["video"]["id"]
        await close(services, ada)
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET erase_at = now() + interval '1 hour' WHERE id = %s", (UUID(ada.id),))
        again = await sign_in(ada, restore=True)
        await erase(services, ada)
        clock.offset += 1
        headers = {"Authorization": f"Bearer {again.json()['access_token']}"}
        assert (await ada.client.get(f"/api/v1/videos/{video_id}", headers=headers)).status_code == 200
        events = (await ada.client.get("/api/v1/user/audit", headers=headers)).json()["items"]
        assert [event["what"] for event in events[:4]] == [
            "session.opened",
            "account.restored",
            "account.sessions_ended",
            "account.closed",
        ]

    async def test_the_last_administrator_stays(self, sign_up: SignUp, ada: Person, services: Services) -> None:
        """Until there is another one."""
        admin = await sign_up(role="ADMIN")
        problem(await admin.post(DELETION, {"password": PASSWORD}), 409, "last_administrator")
        other = await sign_up(role="ADMIN")
        assert (await admin.post(DELETION, {"password": PASSWORD})).status_code == 200
        problem(await other.post(DELETION, {"password": PASSWORD}), 409, "last_administrator")

    async def test_administrators_and_the_command_line_do_both(
        self, sign_up: SignUp, ada: Person, settings: Settings
    ) -> None:
        """As if the owner had; an open session is not enough."""
        admin = await sign_up(role="ADMIN")
        path, proof = f"/api/v1/users/{ada.id}", {"password": PASSWORD}
        for of in (ada, admin):
            refused = await admin.client.put(f"/api/v1/users/{of.id}/deletion", json={}, headers=admin.headers)
            problem(refused, 403, "proof_required")
        closed = await admin.client.put(f"{path}/deletion", json=proof, headers=admin.headers)
        assert (await admin.get(path)).json()["deletion"] == closed.json()
        assert (await admin.delete(f"{path}/deletion")).status_code == 204
        assert (await admin.get(path)).json()["deletion"] is None
        await users.delete(settings, ada.email)
        problem(await sign_in(ada), 403, "account_closed")
        await users.restore(settings, ada.email)
        assert (await sign_in(ada)).status_code == 200


class TestErasing:
    async def test_everything_goes(self, ada: Person, bob: Person, services: Services) -> None:
        """Videos with their objects, keys, likes, what was shared with it; the address is free, the log stays."""
        video_id = UUID(await ada.upload(b"film" * 100))
        await services.storage.put(keys.source_key(video_id), b"film", "video/mp4")
        await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
        others = f"/api/v1/videos/{(await bob.init(visibility='public'))['video']['id']}"
        await bob.post(f"{others}/viewers", {"email": ada.email})
        said = (await bob.post(f"{others}/comments", {"text": "His."})).json()["id"]
        await ada.post(f"{others}/comments", {"text": "Hers."})
        for path, body in (
            ("reaction", {"kind": "like"}),
            (f"comments/{said}/like", None),
            ("position", {"position": 1}),
        ):
            assert (await ada.client.put(f"{others}/{path}", json=body, headers=ada.headers)).is_success
        await close(services, ada)
        await erase(services, ada)
        assert await remove_deleted(services) == [str(video_id)]
        assert [stored async for stored in services.storage.list_objects(keys.video_prefix(video_id))] == []
        assert await is_there(services, ada)  # until the row of its video may go
        async with services.database.connection() as db:
            await execute(db, _LATER, (UUID(ada.id),))
        await services.videos.resume_deletes()
        await remove_deleted(services)
        await services.closing.begin_erasing()
        await erase(services, ada)
        assert not await is_there(services, ada)
        assert (await bob.get(f"{others}/viewers")).json() == {"items": []}
        assert (await bob.get(f"{others}/counts")).json()["likes"] == 0
        shown = (await bob.get(f"{others}/comments")).json()["items"]
        assert [(comment["text"], comment["likes"]) for comment in shown] == [("", 0), ("His.", 0)]
        again = {"email": ada.email, "password": PASSWORD, "name": "Ada"}
        assert (await ada.client.post("/api/v1/auth/register", json=again)).status_code == 201
        async with services.database.connection() as db:
            logged = await fetch_value(
                db, "SELECT count(*) FROM audit_events WHERE what = 'account.erased' AND target = %s", (UUID(ada.id),)
            )
        assert logged == 1

    async def test_a_like_of_a_comment_that_is_being_changed_is_taken_back_too(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """Whoever changes it is not waited for: the account stays until the next run, which finds it free."""
        film = f"/api/v1/videos/{(await bob.init(visibility='public'))['video']['id']}"
        comments = [(await bob.post(f"{film}/comments", {"text": "His."})).json()["id"] for _ in range(2)]
        for comment_id in comments:
            assert (await ada.client.put(f"{film}/comments/{comment_id}/like", headers=ada.headers)).is_success
        await close(services, ada)
        async with services.database.transaction() as changing:
            await execute(changing, "SELECT FROM comments WHERE id = %s FOR UPDATE", (UUID(comments[0]),))
            await erase(services, ada)
        assert await is_there(services, ada)
        assert sorted(one["likes"] for one in (await bob.get(f"{film}/comments")).json()["items"]) == [0, 1]
        await services.closing.begin_erasing()
        await erase(services, ada)
        assert not await is_there(services, ada)
        assert [one["likes"] for one in (await bob.get(f"{film}/comments")).json()["items"]] == [0, 0]

    async def test_killed_at_any_point_it_goes_on(
        self, ada: Person, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What a run has committed stays; the next one does the rest. One that lost its job does nothing."""
        monkeypatch.setattr(closing, "_BATCH", 2)
        for _ in range(5):
            await ada.init()
        await close(services, ada)
        with pytest.raises(JobLostError):
            await services.closing.erase(JobRun(1_000_000, 1, 1), ada.id)
        delete_some, runs = VideoService.delete_some_of, 0

        async def killed(*arguments: Any) -> int:
            nonlocal runs
            runs += 1
            deleted = await delete_some(*arguments)
            if runs % 2 == 0:
                raise RuntimeError("killed")
            return deleted

        monkeypatch.setattr(VideoService, "delete_some_of", killed)
        for _ in range(3):
            await services.closing.begin_erasing()
            with pytest.raises(RuntimeError):
                await erase(services, ada)
        monkeypatch.undo()
        await services.closing.begin_erasing()
        await erase(services, ada)
        assert len(await remove_deleted(services)) == 5
