"""API keys: made once, seen once, and refused within seconds of their end."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import structlog
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, client_of, new_video, problem, sha256

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import Database, DatabaseUnavailable, execute, fetch_value
from matinee.common.errors import RateLimited
from matinee.common.http.authentication import InvalidApiKey
from matinee.modules.api_keys.repository import use_key
from matinee.modules.api_keys.rules import MOST_KEYS, new_secret
from matinee.modules.api_keys.verification import MOST_UNKNOWN, REMEMBERED_SECONDS, UNKNOWN_SECONDS, ApiKeys
from matinee.upkeep import expire

KEYS = "/api/v1/api-keys"
ME = "/api/v1/auth/me"
INIT = "/api/v1/videos/init"
TOKEN = "/api/v1/auth/token"
_FILL = """
INSERT INTO api_keys (id, user_id, hash, name, scopes)
SELECT gen_random_uuid(), %s, sha256(i::text::bytea), 'Import', '{videos:read}' FROM generate_series(1, %s) i
"""


async def make(person: Person, *scopes: str, **fields: Any) -> dict[str, Any]:
    """A key with those scopes."""
    body = {"password": PASSWORD, "name": "Import", "scopes": scopes or ["account:read"], **fields}
    answer = await person.post(KEYS, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def ask(client: httpx.AsyncClient, key: dict[str, Any], path: str = ME) -> httpx.Response:
    """A request by that key."""
    return await client.get(path, headers=bearer(key))


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['secret']}"}


async def last_used(person: Person) -> str | None:
    """When the newest key was used."""
    shown: str | None = (await person.get(KEYS)).json()["items"][0]["last_used_at"]
    return shown


class TestMaking:
    async def test_the_secret_is_seen_once_and_stored_nowhere(self, ada: Person, services: Services) -> None:
        """In the answer; the database has its hash, the list how it begins."""
        key = await make(ada, "videos:write", "videos:read", "videos:read", expires_in_days=90)
        assert key["secret"].startswith(key["prefix"])
        assert key["prefix"] == f"mtn_{key['id'][:8]}"
        [listed] = (await ada.get(KEYS)).json()["items"]
        assert listed == {name: value for name, value in key.items() if name != "secret"}
        assert (listed["scopes"], listed["last_used_at"]) == (["videos:read", "videos:write"], None)
        async with services.database.connection() as db:
            row = await fetch_value(db, "SELECT api_keys::text FROM api_keys")
        assert sha256(key["secret"]).hex() in row
        assert key["secret"][13:] not in row

    async def test_an_account_has_so_many_at_most(self, ada: Person, services: Services) -> None:
        """Of many made at once too; one that is revoked makes room."""
        async with services.database.connection() as db:
            await execute(db, _FILL, (UUID(ada.id), MOST_KEYS - 2))
        body = {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]}
        answers = await asyncio.gather(*(ada.post(KEYS, body) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] * 2 + [409] * 4
        problem(await ada.post(KEYS, body), 409, "too_many_api_keys")
        made = next(answer.json() for answer in answers if answer.status_code == 201)
        assert (await ada.delete(f"{KEYS}/{made['id']}")).status_code == 204
        await make(ada)

    async def test_an_open_session_is_not_enough(self, ada: Person) -> None:
        """What it makes would outlive it."""
        body = {"name": "Import", "scopes": ["videos:read"]}
        problem(await ada.post(KEYS, body), 403, "proof_required")
        problem(await ada.post(KEYS, {**body, "password": "not the one"}), 403, "wrong_account_password")
        assert (await ada.get(KEYS)).json()["items"] == []

    @pytest.mark.parametrize(
        ("fields", "path"),
        [
            ({"scopes": []}, "scopes"),
            ({"scopes": ["admin"]}, "scopes[0]"),
            ({"expires_in_days": 0}, "expires_in_days"),
        ],
    )
    async def test_faults_are_named(self, ada: Person, fields: dict[str, Any], path: str) -> None:
        """A key without a scope, with one that is none, or that has ended already."""
        answer = await ada.post(KEYS, {"name": "Import", "scopes": ["videos:read"], **fields})
        assert problem(answer, 422, "validation_failed")["errors"][0]["path"] == path

    async def test_the_list_comes_in_pages(self, ada: Person, bob: Person, services: Services) -> None:
        """One's own keys alone, newest first."""
        async with services.database.connection() as db:
            await execute(db, _FILL, (UUID(ada.id), 5))
        newest = await make(ada)
        await make(bob)
        first = (await ada.get(f"{KEYS}?limit=4")).json()
        second = (await ada.get(f"{KEYS}?limit=4&cursor={first['next_cursor']}")).json()
        ids = [key["id"] for page in (first, second) for key in page["items"]]
        assert (ids[0], len(set(ids)), second["next_cursor"]) == (newest["id"], 6, None)


class TestUsing:
    async def test_a_program_acts_as_its_user(self, ada: Person, bob: Person, api: httpx.AsyncClient) -> None:
        """What it makes is his; what is others' does not exist for it."""
        key = await make(ada, "uploads:write", "videos:read")
        started = await api.post(INIT, json=new_video(), headers=bearer(key))
        video_id = started.json()["video"]["id"]
        assert (await ada.get(f"/api/v1/videos/{video_id}")).status_code == 200
        others = await make(bob, "videos:read")
        problem(await ask(api, others, f"/api/v1/videos/{video_id}"), 404, "video_not_found")

    async def test_an_administrators_key_has_no_administrators_rights(
        self, sign_up: SignUp, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """It sees what any user sees, and no operation for administrators takes it."""
        key = await make(await sign_up(role="ADMIN"), "videos:read", "account:read")
        video_id = (await ada.init())["video"]["id"]
        problem(await ask(api, key, f"/api/v1/videos/{video_id}"), 404, "video_not_found")
        problem(await ask(api, key, f"/api/v1/users/{ada.id}/quota"), 403, "not_for_api_keys")

    async def test_a_scope_that_it_lacks_is_named(self, ada: Person, api: httpx.AsyncClient) -> None:
        """For people, and for programs in the header of RFC 6750."""
        answer = await ask(api, await make(ada, "videos:write"))
        assert "`account:read`" in problem(answer, 403, "insufficient_scope")["detail"]
        assert answer.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="account:read"'

    async def test_keys_make_no_keys(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Nor see or revoke them: who steals one does not get further, and cannot hide it."""
        key = await make(ada, "account:read")
        body = {"name": "Mine", "scopes": ["videos:write"]}
        problem(await api.post(KEYS, json=body, headers=bearer(key)), 403, "not_for_api_keys")
        problem(await ask(api, key, KEYS), 403, "not_for_api_keys")
        problem(await api.delete(f"{KEYS}/{key['id']}", headers=bearer(key)), 403, "not_for_api_keys")

    async def test_the_log_names_the_key_and_never_its_secret(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Also where it is refused."""
        key = await make(ada, "videos:read")
        with structlog.testing.capture_logs() as logs:
            await ask(api, key)
        [line] = [entry for entry in logs if entry["event"] == "request"]
        assert (str(line["key_id"]), str(line["user_id"]), line["status"]) == (key["id"], ada.id, 403)
        assert key["secret"][13:] not in repr(logs)

    async def test_when_it_was_used_is_written_once_a_minute(
        self, ada: Person, api: httpx.AsyncClient, services: Services, clock: Clock
    ) -> None:
        """However often the database is asked for it."""
        key = await make(ada)
        await ask(api, key)
        first = await last_used(ada)
        clock.offset += REMEMBERED_SECONDS
        await ask(api, key)
        assert await last_used(ada) == first is not None
        async with services.database.connection() as db:
            await execute(db, "UPDATE api_keys SET last_used_at = last_used_at - interval '1 minute'")
        clock.offset += REMEMBERED_SECONDS
        await ask(api, key)
        assert str(await last_used(ada)) > str(first)

    async def test_nobody_waits_for_whoever_writes_that(self, ada: Person, services: Services) -> None:
        """Neither for one that takes long."""
        key = await make(ada)
        async with services.database.transaction() as first, services.database.connection() as second:
            assert await use_key(first, sha256(key["secret"])) is not None
            async with asyncio.timeout(2):
                assert await use_key(second, sha256(key["secret"])) is not None


class TestExchange:
    async def token(self, api: httpx.AsyncClient, key: dict[str, Any]) -> dict[str, Any]:
        """What the key is exchanged for, as `ask` takes it."""
        answer = await api.post(TOKEN, json={"api_key": key["secret"]})
        assert answer.status_code == 200, answer.text
        return {"secret": answer.json()["access_token"], "expires_in": answer.json()["expires_in"]}

    async def test_the_token_does_what_the_key_does(
        self, sign_up: SignUp, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Whoever calls by it is the same: user, scopes, teams, and never an administrator."""
        admin = await sign_up(role="ADMIN")
        await admin.post("/api/v1/teams", {"name": "Harbour Films"})
        key = await make(admin, "videos:read", "account:read")
        token = await self.token(api, key)
        assert token["expires_in"] == 900
        by_key = await services.api_keys.verify(key["secret"], "192.0.2.1")
        by_token = services.tokens.verify(token["secret"])
        assert by_key.key is not None
        assert by_key.teams
        assert by_token == msgspec.structs.replace(
            by_key,
            key=msgspec.structs.replace(by_key.key, is_exchanged=True),
            expires_at=by_token.expires_at,
        )
        assert (await ask(api, token)).status_code == 200
        problem(await api.post(INIT, json=new_video(), headers=bearer(token)), 403, "insufficient_scope")
        problem(await ask(api, token, KEYS), 403, "not_for_api_keys")
        problem(await ask(api, token, "/api/v1/users"), 403, "not_for_api_keys")

    @pytest.mark.parametrize(
        "end",
        [
            "UPDATE api_keys SET revoked_at = now()",
            "UPDATE users SET suspended_at = now(), suspended_why = 'Spam.' WHERE kind = 'user'",
            "WITH gone AS (DELETE FROM team_members RETURNING team_id, user_id) "
            "INSERT INTO team_changes (team_id, user_id, changed_at) SELECT *, now() FROM gone",
        ],
    )
    async def test_it_ends_within_a_second(
        self, ada: Person, api: httpx.AsyncClient, services: Services, clock: Clock, end: str
    ) -> None:
        """With the key, with the account, and with a role that it was given for."""
        await ada.post("/api/v1/teams", {"name": "Harbour Films"})
        token = await self.token(api, await make(ada))
        assert (await ask(api, token)).status_code == 200
        async with services.database.connection() as db:
            await execute(db, end)
        clock.offset += 1
        problem(await ask(api, token), 401, "invalid_token")

    async def test_it_ends_with_a_key_that_expires(self, ada: Person, api: httpx.AsyncClient, clock: Clock) -> None:
        """To the second; in its last ones a key is exchanged no more."""
        key = await make(ada, expires_in_days=1)
        clock.offset = 86_400 - 60
        token = await self.token(api, key)
        assert token["expires_in"] <= 60
        clock.offset += 57
        assert (await ask(api, token)).status_code == 200
        problem(await api.post(TOKEN, json={"api_key": key["secret"]}), 401, "invalid_api_key")
        clock.offset += 3
        problem(await ask(api, token), 401, "invalid_token")

    async def test_what_is_no_key_is_exchanged_for_nothing(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Made up, mistyped, or a token."""
        for secret in (new_secret(uuid4()), "mtn_0f8fad5b_", ada.tokens["access_token"][:200]):
            problem(await api.post(TOKEN, json={"api_key": secret}), 401, "invalid_api_key")

    async def test_a_server_may_want_it(self, ada: Person, services: Services) -> None:
        """A key is refused then wherever it stands in the place of a token, and told where to go."""
        key = await make(ada, "videos:read", "account:read")
        services.settings = msgspec.structs.replace(services.settings, api_keys="exchange")
        async with client_of(create_app(services)) as api:
            for path in (ME, f"/api/v1/videos/{uuid4()}", KEYS):
                refused = problem(await ask(api, key, path), 401, "api_key_not_exchanged")
                assert "/api/v1/auth/token" in refused["detail"]
            assert (await ask(api, await self.token(api, key))).status_code == 200
            assert (await api.get(ME, headers=ada.headers)).status_code == 200


class TestEnding:
    async def test_a_revoked_key_is_refused_within_seconds_everywhere(
        self, ada: Person, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        """By the server that has just seen it, and asked for it again only then."""
        key = await make(ada)
        assert (await ask(api, key)).status_code == 200
        for _ in range(2):  # whoever repeats it finds it done
            assert (await ada.delete(f"{KEYS}/{key['id']}")).status_code == 204
        clock.offset += REMEMBERED_SECONDS
        answer = await ask(api, key)
        problem(answer, 401, "invalid_api_key")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        [listed] = (await ada.get(KEYS)).json()["items"]
        assert listed["revoked_at"] is not None

    async def test_a_key_is_revoked_by_its_user_alone(self, ada: Person, bob: Person, api: httpx.AsyncClient) -> None:
        """For others there is none."""
        key = await make(ada)
        problem(await bob.delete(f"{KEYS}/{key['id']}"), 404, "api_key_not_found")
        problem(await ada.delete(f"{KEYS}/{uuid4()}"), 404, "api_key_not_found")
        assert (await ask(api, key)).status_code == 200

    async def test_a_key_expires_to_the_second(self, ada: Person, api: httpx.AsyncClient, clock: Clock) -> None:
        """Also where it was verified a moment ago."""
        key = await make(ada, expires_in_days=1)
        clock.offset = 86_400 - 2
        assert (await ask(api, key)).status_code == 200
        clock.offset += 2
        problem(await ask(api, key), 401, "invalid_api_key")

    async def test_the_keys_of_a_deleted_account_end_with_it(
        self, ada: Person, api: httpx.AsyncClient, services: Services, clock: Clock
    ) -> None:
        """Within the same seconds."""
        key = await make(ada)
        assert (await ask(api, key)).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM users WHERE id = %s", (UUID(ada.id),))
        clock.offset += REMEMBERED_SECONDS
        problem(await ask(api, key), 401, "invalid_api_key")

    async def test_an_unknown_key_is_refused(self, api: httpx.AsyncClient) -> None:
        """One that could be one, and one that cannot."""
        for secret in (new_secret(uuid4()), "mtn_0f8fad5b_"):
            problem(await ask(api, {"secret": secret}), 401, "invalid_api_key")

    async def test_made_up_keys_cost_an_address_few_looks(
        self, ada: Person, settings: Settings, clock: Clock
    ) -> None:
        """Also of many at once. A key that works is not taken for one of them, wherever it comes from."""
        key, others = await make(ada), await make(ada)
        database = Database(settings.database_url, size=2)
        await database.open()
        keys = ApiKeys(database, clock=clock)
        await keys.verify(key["secret"], "192.0.2.1")
        guesses = (keys.verify(new_secret(uuid4()), "192.0.2.1") for _ in range(MOST_UNKNOWN + 10))
        refusals = await asyncio.gather(*guesses, return_exceptions=True)
        assert Counter(map(type, refusals)) == {InvalidApiKey: MOST_UNKNOWN, RateLimited: 10}
        clock.offset += REMEMBERED_SECONDS
        await keys.verify(key["secret"], "192.0.2.1")
        await keys.verify(others["secret"], "192.0.2.2")
        await database.close()
        with pytest.raises(RateLimited):  # without a look
            await keys.verify(new_secret(uuid4()), "192.0.2.1")
        clock.offset += UNKNOWN_SECONDS
        with pytest.raises(DatabaseUnavailable):
            await keys.verify(new_secret(uuid4()), "192.0.2.1")

    async def test_keys_that_work_are_not_counted(self, ada: Person, services: Services, clock: Clock) -> None:
        """However many of them an address brings."""
        key = await make(ada)
        keys = ApiKeys(services.database, clock=clock)
        for _ in range(MOST_UNKNOWN + 1):
            keys._known.clear()  # as of a process that has just begun
            await keys.verify(key["secret"], "192.0.2.1")

    async def test_between_two_looks_the_database_is_not_asked(
        self, ada: Person, settings: Settings, clock: Clock
    ) -> None:
        """One that is away meanwhile is not missed; afterwards nobody is told that his key is not good."""
        key = await make(ada)
        database = Database(settings.database_url, size=1)
        await database.open()
        keys = ApiKeys(database, clock=clock)
        await keys.verify(key["secret"], "192.0.2.1")
        await database.close()
        clock.offset += REMEMBERED_SECONDS - 1
        await keys.verify(key["secret"], "192.0.2.1")
        clock.offset += 1
        with pytest.raises(DatabaseUnavailable):
            await keys.verify(key["secret"], "192.0.2.1")

    async def test_what_a_key_has_opened_cannot_be_renewed_without_it(
        self, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """A playback token of its own lasts some minutes; another one is had by the key, while it works."""
        key = await make(ada, "videos:read")
        video_id = (await ada.init())["video"]["id"]
        path = f"/api/v1/videos/{video_id}/playback-tokens"
        made = (await api.post(path, json={}, headers=bearer(key))).json()
        problem(await api.post(f"{made['prefix']}{path}", json={}), 403, "not_yours_to_renew")

    async def test_ended_keys_are_shown_for_thirty_days(self, ada: Person, services: Services) -> None:
        """So that one that is found in a log still has a name; working ones stay for good."""
        for ended in ("revoked_at", "expires_at"):
            for days in (29, 31):
                key = await make(ada, name=f"{ended} {days}")
                async with services.database.connection() as db:
                    ago = f"UPDATE api_keys SET {ended} = now() - make_interval(days => %s) WHERE id = %s"
                    await execute(db, ago, (days, UUID(key["id"])))
        await make(ada, name="works")
        await expire(services.database, refresh_days=7)
        names = {key["name"] for key in (await ada.get(KEYS)).json()["items"]}
        assert names == {"revoked_at 29", "expires_at 29", "works"}
