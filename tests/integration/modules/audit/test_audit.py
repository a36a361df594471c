"""Who did what: recorded with the change itself, never rewritten, and read by whom it concerns."""

import csv
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp
from tests.integration.modules.teams.staff import make_team

from matinee.bootstrap import Services
from matinee.cli import users
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.modules import audit
from matinee.modules.audit import service
from matinee.modules.audit.schemas import AuditFilter
from matinee.upkeep import BATCH, expire

AUDIT = "/api/v1/audit"
OWN = "/api/v1/user/audit"
LOGIN = "/api/v1/auth/login"
_FILL = """
INSERT INTO audit_events (at, what, actor)
SELECT now() - %s * interval '1 day' - i * interval '1 ms', 'video.shared', 'server' FROM generate_series(1, %s) i
"""

_ADD = "INSERT INTO audit_events (at, what, actor) VALUES (%s::text::timestamptz, 'video.shared', 'server')"


@pytest.fixture
async def admin(sign_up: SignUp) -> Person:
    """An administrator."""
    return await sign_up(role="ADMIN", name="Root")


async def events(admin: Person, **wanted: Any) -> list[dict[str, Any]]:
    """What was done, newest first."""
    answer = await admin.get(AUDIT, params={"limit": 100, **wanted})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


class TestRecording:
    async def test_who_what_when_and_from_where(self, admin: Person, ada: Person) -> None:
        """Of each change: the account, its address, the thing, and more about it."""
        await admin.client.put(f"/api/v1/users/{ada.id}/quota", json={"minutes": 5}, headers=admin.headers)
        [event] = await events(admin, what="account.quota_changed")
        assert event["by"] == {
            "kind": "account",
            "account": {"id": admin.id, "name": "Root", "email": admin.email},
            "key_id": None,
        }
        assert (event["target"], event["account"]["email"], event["ip"]) == (ada.id, ada.email, "127.0.0.1")
        assert event["detail"] == {"bytes": None, "minutes": 5}

    async def test_a_life_of_an_account(self, ada: Person, bob: Person, admin: Person) -> None:
        """Signing in, keys, sharing, deleting, signing out: each by its name, and by the account."""
        video_id = (await ada.init())["video"]["id"]
        await ada.post(f"/api/v1/videos/{video_id}/viewers", {"email": bob.email})
        await ada.patch(f"/api/v1/videos/{video_id}", {"visibility": "public", "title": "Sea"})
        await ada.patch(f"/api/v1/videos/{video_id}", {"visibility": "public"})
        await ada.delete(f"/api/v1/videos/{video_id}/viewers/{bob.id}")
        await ada.client.put(
            f"/api/v1/videos/{video_id}/password", json={"password": "winter garden"}, headers=ada.headers
        )
        await ada.delete(f"/api/v1/videos/{video_id}")
        key = (
            await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
        ).json()
        await ada.delete(f"/api/v1/api-keys/{key['id']}")
        signing = (await ada.post("/api/v1/signing-keys", {"password": PASSWORD, "name": "shop"})).json()
        await ada.post(f"/api/v1/signing-keys/{signing['id']}/remove", {"password": PASSWORD})
        await ada.client.post("/api/v1/auth/logout", json={"refresh_token": ada.tokens["refresh_token"]})
        await ada.post("/api/v1/auth/logout-all", {"password": PASSWORD})
        recorded = await events(admin, by=ada.id)
        assert [event["what"] for event in reversed(recorded)] == [
            "account.registered",
            "session.opened",
            "video.shared",
            "video.visibility_changed",
            "video.unshared",
            "video.password_set",
            "video.deleted",
            "api_key.created",
            "api_key.revoked",
            "signing_key.created",
            "signing_key.deleted",
            "session.ended",
            "account.sessions_ended",
        ]
        assert {event["account"]["id"] for event in recorded} == {ada.id}
        assert {event["ip"] for event in recorded} == {"127.0.0.1"}
        written = msgspec.json.encode(recorded).decode()
        for secret in (PASSWORD, key["secret"], signing["private_key"], ada.tokens["refresh_token"]):
            assert secret not in written

    async def test_what_is_rolled_back_was_not_done(self, services: Services, admin: Person) -> None:
        """It stands in the transaction of the change."""

        async def change() -> None:
            async with services.database.transaction() as db:
                await audit.record(db, "video.deleted", uuid4())
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await change()
        assert await events(admin, what="video.deleted") == []

    async def test_an_api_key_is_named(self, ada: Person, admin: Person) -> None:
        """Beside the account that it acts as."""
        key = (
            await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:write"]})
        ).json()
        video_id = (await ada.init())["video"]["id"]
        await ada.client.delete(f"/api/v1/videos/{video_id}", headers={"Authorization": f"Bearer {key['secret']}"})
        [event] = await events(admin, what="video.deleted")
        assert (event["by"]["kind"], event["by"]["key_id"]) == ("api_key", key["id"])
        assert event["by"]["account"]["id"] == ada.id

    async def test_what_an_administrator_changes_of_another_s_video(self, admin: Person, ada: Person) -> None:
        """By which operation and from where; not what is refused, only looked at, his own or a video of his team."""
        team = await make_team(admin)
        others, own, shared = [
            f"/api/v1/videos/{(await owner.init(**fields))['video']['id']}"
            for owner, fields in ((ada, {"visibility": "public"}), (admin, {}), (admin, {"owner": team}))
        ]
        captions = {"content": b"WEBVTT\n\n00:01.000 --> 00:02.000\nAhoy!\n", "params": {"language": "en"}}
        for video in (others, own, shared):
            assert (await admin.get(video)).status_code == 200
            assert (await admin.patch(video, {"title": "Sea"})).status_code == 200
            sent = {**captions, "headers": {**admin.headers, "Content-Type": "text/vtt"}}
            assert (await admin.client.post(f"{video}/captions", **sent)).status_code == 201
            assert (await admin.patch(f"{video}/comments", {"policy": "held"})).status_code == 200
            assert (await admin.delete(f"{video}/poster")).status_code == 204
            assert (await admin.post(f"{video}/comments", {"text": "His."})).status_code == 201
            assert (await admin.delete(f"{video}/captions/{uuid4()}")).status_code == 404
            assert (await admin.delete(video)).status_code == 204
        recorded = await events(admin, what="video.administered")
        assert [event["detail"]["operation"] for event in reversed(recorded)] == [
            "change_video",
            "add_captions",
            "change_comments",
            "reset_poster",
            "delete_video",
        ]
        assert {event["target"] for event in recorded} == {others.rpartition("/")[2]}
        assert {(e["by"]["account"]["id"], e["account"]["id"], e["ip"]) for e in recorded} == {
            (admin.id, ada.id, "127.0.0.1")
        }
        (told, *_) = (await ada.get(OWN)).json()["items"]
        assert (told["what"], told["by"], told["ip"]) == ("video.administered", "administrator", None)

    async def test_a_flood_of_failures_is_a_few_lines(
        self, ada: Person, admin: Person, api: httpx.AsyncClient
    ) -> None:
        """The first, the tenth, the hundredth of an hour, of each account; of unknown ones together."""
        for _ in range(5):
            for email in (ada.email, "nobody@example.org", "no-one@example.org"):
                await api.post(LOGIN, json={"email": email, "password": "wrong horse"})
        recorded = await events(admin, what="account.sign_in_failed")
        of_ada = [event for event in recorded if event["target"] == ada.id]
        others = [event for event in recorded if event["target"] is None]
        assert [event["detail"]["times"] for event in of_ada] == [1]
        assert [event["detail"]["times"] for event in others] == [10, 1]
        assert {event["by"]["kind"] for event in recorded} == {"anyone"}
        assert "nobody@" not in msgspec.json.encode(recorded).decode()

    async def test_so_are_wrong_proofs_in_an_open_session(self, ada: Person, admin: Person) -> None:
        """By the password or a code, and nothing else of what was refused."""
        for proof in ({"password": "wrong horse"}, {"code": "492039"}):
            problem_of = (await ada.post("/api/v1/user/deletion", proof)).json()["code"]
            assert problem_of in ("wrong_account_password", "wrong_code")
        [event] = await events(admin, what="account.proof_failed")
        assert (event["target"], event["by"]["account"]["id"], event["detail"]) == (ada.id, ada.id, {"times": 1})

    async def test_a_replay_is_recorded_once(self, ada: Person, admin: Person, api: httpx.AsyncClient) -> None:
        """For the account whose session ended by it."""
        body = {"refresh_token": ada.tokens["refresh_token"]}
        for _ in range(3):
            await api.post("/api/v1/auth/refresh", json=body)
            api.cookies.clear()
        [event] = await events(admin, what="session.replayed")
        assert event["account"]["id"] == ada.id

    async def test_the_command_line_is_named(self, admin: Person, settings: Settings) -> None:
        """Whoever sat there."""
        created = await users.create(settings, "eve@example.org", "Eve", PASSWORD, admin=False)
        [event] = await events(admin, target=created)
        assert (event["what"], event["by"]["kind"], event["by"]["account"]) == (
            "account.registered",
            "command_line",
            None,
        )


class TestKeeping:
    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE audit_events SET what = 'nothing'",
            "DELETE FROM audit_events",
            "TRUNCATE audit_events",
            "SET matinee.retention = 'audit'; DELETE FROM audit_events",
        ],
    )
    async def test_nobody_rewrites_it(self, ada: Person, services: Services, sql: str) -> None:
        """By no statement; nor does upkeep delete what is young."""
        async with services.database.connection() as db:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.execute(sql)

    async def test_what_is_too_old_goes(self, services: Services) -> None:
        """By the setting, batch by batch; nothing younger."""
        async with services.database.connection() as db:
            await execute(db, _FILL, (41, BATCH + 1))
            await execute(db, _FILL, (39, 1))
        await expire(services.database, refresh_days=7, audit_days=40)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM audit_events") == 1


class TestReading:
    async def test_it_comes_in_pages_and_by_filters(self, ada: Person, bob: Person, admin: Person) -> None:
        """Each filter by itself and together, newest first, no event twice."""
        for person in (ada, bob, ada):
            await person.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
        made = await events(admin, what="api_key.created")
        assert [event["by"]["account"]["id"] for event in made] == [ada.id, bob.id, ada.id]
        assert await events(admin, what="api_key.created", by=bob.id) == [made[1]]
        assert await events(admin, account=bob.id, what="api_key.created") == [made[1]]
        pages, cursor = [], None
        while cursor is not None or not pages:
            page = (await admin.get(AUDIT, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
            pages += page["items"]
            cursor = page["next_cursor"]
        assert pages == await events(admin)

    async def test_by_days(self, admin: Person, services: Services) -> None:
        """Of both ends the whole day, by UTC."""
        async with services.database.connection() as db:
            for at in (
                "2026-01-31T23:59:59Z",
                "2026-02-01T00:00:00Z",
                "2026-02-02T23:59:59Z",
                "2026-02-03T00:00:00Z",
            ):
                await execute(db, _ADD, (at,))
        found = await events(admin, since="2026-02-01", until="2026-02-02")
        assert [event["at"] for event in found] == ["2026-02-02T23:59:59Z", "2026-02-01T00:00:00Z"]

    async def test_an_account_sees_what_concerns_it(self, ada: Person, bob: Person, admin: Person) -> None:
        """Not others', and of an administrator neither who nor from where."""
        await admin.client.put(f"/api/v1/users/{ada.id}/quota", json={"minutes": 5}, headers=admin.headers)
        await bob.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
        page = (await ada.get(OWN)).json()
        assert [(event["what"], event["by"], event["ip"]) for event in page["items"]] == [
            ("account.quota_changed", "administrator", None),
            ("session.opened", "you", "127.0.0.1"),
            ("account.registered", "you", "127.0.0.1"),
        ]
        assert admin.id not in msgspec.json.encode(page).decode()

    async def test_who_decides_about_a_team_is_no_administrator(self, ada: Person, bob: Person) -> None:
        """Somebody did it; what the team is called and whom it invites is recorded, too."""
        team = (await bob.post("/api/v1/teams", {"name": "Harbour Films"})).json()["id"]
        path = f"/api/v1/teams/{team}"
        await bob.patch(path, {"name": "Lakeside Films"})
        for email in (ada.email, "guest@example.org"):
            sent = (await bob.post(f"{path}/invitations", {"email": email, "role": "viewer"})).json()
            if email == ada.email:
                token = sent["link"].partition("#")[2]
                assert (await ada.post("/api/v1/invitations/accept", {"token": token})).status_code == 200
        assert (await bob.delete(f"{path}/invitations/{sent['id']}")).status_code == 204
        assert (await bob.delete(f"{path}/members/{ada.id}")).status_code == 204
        (removed, joined, *_) = (await ada.get(OWN)).json()["items"]
        assert (removed["what"], removed["by"], removed["ip"]) == ("team.member_removed", "somebody", None)
        assert (joined["what"], joined["by"]) == ("team.member_joined", "you")
        own = [event["what"] for event in (await bob.get(OWN)).json()["items"]]
        assert own[:5] == ["team.invitation_revoked", "team.invited", "team.invited", "team.changed", "team.created"]


class TestExporting:
    async def test_as_lines_and_as_a_table(self, ada: Person, admin: Person) -> None:
        """The same events by both, with what was asked for; that they were exported is recorded."""
        await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": '=1+1,"x"', "scopes": ["videos:read"]})
        lines = await admin.get(f"{AUDIT}/export", params={"by": ada.id})
        table = await admin.get(f"{AUDIT}/export", params={"by": ada.id, "format": "csv"})
        assert lines.headers["content-type"] == "application/x-ndjson"
        assert table.headers["content-type"] == "text/csv; charset=utf-8"
        objects = [msgspec.json.decode(line) for line in lines.content.splitlines()]
        rows = list(csv.DictReader(table.text.splitlines()))
        assert [row["what"] for row in rows] == ["api_key.created", "session.opened", "account.registered"]
        assert [(row["id"], row["ip"]) for row in rows] == [(found["id"], found["ip"]) for found in objects]
        assert objects[0]["detail"] == {"name": '=1+1,"x"', "scopes": ["videos:read"]}
        assert msgspec.json.decode(rows[0]["detail"]) == objects[0]["detail"]
        assert len(await events(admin, what="server.audit_exported")) == 2

    async def test_a_long_log_is_never_whole_in_memory(self, services: Services) -> None:
        """It is written a batch at a time, and no connection is held meanwhile."""
        async with services.database.connection() as db:
            await execute(db, _FILL, (1, 2500))
        pieces = [
            len(piece.splitlines())
            async for piece in service.export(services.database, AuditFilter(), service.as_lines)
        ]
        assert pieces == [0, 1000, 1000, 500]


@pytest.mark.usefixtures("admin")
async def test_a_filtered_page_reads_its_own_rows_alone(services: Services) -> None:
    """By an index in the order of the page, whichever filter it is."""
    async with services.database.transaction() as db:
        await execute(db, _FILL, (1, 20_000))
        await execute(db, "ANALYZE audit_events")
        for column, value in (("what", "x"), ("actor_id", uuid4()), ("target", uuid4()), ("account_id", uuid4())):
            plan = await db.fetch(
                f"EXPLAIN SELECT id FROM audit_events WHERE {column} = $1 ORDER BY at DESC, id DESC LIMIT 21",
                value,
            )
            text = "\n".join(row[0] for row in plan)
            assert "Index" in text, text
            assert "Sort" not in text, text
            assert "Seq Scan" not in text, text
