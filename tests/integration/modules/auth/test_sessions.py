"""The devices of an account: listed, ended one by one or all others, and told of when a token was copied."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, client_of, letters_sent, problem, text_of
from tests.integration.modules.auth.signing_in import AUTH, log_in, refresh

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.modules.auth import repository
from matinee.modules.auth.devices import Device
from matinee.modules.auth.sessions import MOST_SESSIONS

SESSIONS = f"{AUTH}/sessions"
PROOF = {"password": PASSWORD}


async def sign_in(api: httpx.AsyncClient, person: Person, device: str, ip: str) -> dict[str, Any]:
    return dict((await log_in(api, person.email, PASSWORD, ip, device_name=device)).json())


async def listed(person: Person) -> list[dict[str, Any]]:
    return list((await person.get(SESSIONS)).json()["items"])


class TestLifetime:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """As OWASP ASVS 3.3.2 wants it."""
        return msgspec.structs.replace(settings, session_hours=12, session_rest_hours=0.5)

    @pytest.mark.parametrize(
        ("column", "alive", "over"), [("created_at", 12 * 60 - 1, 12 * 60 + 1), ("last_used_at", 29, 31)]
    )
    async def test_it_ends_by_age_and_by_rest(
        self, ada: Person, api: httpx.AsyncClient, services: Services, column: str, alive: int, over: int
    ) -> None:
        """Whatever its token says; nor is it listed any more."""

        async def pass_since(minutes: int) -> None:
            async with services.database.connection() as db:
                await execute(db, f"UPDATE sessions SET {column} = now() - make_interval(mins => %s)", (minutes,))

        await pass_since(alive)
        answer = await refresh(api, ada.tokens)
        assert answer.status_code == 200, answer.text
        await pass_since(over)
        problem(await refresh(api, answer.json()), 401, "invalid_refresh_token")
        assert await listed(ada) == []


class TestList:
    async def test_it_tells_the_devices_apart(self, ada: Person, bob: Person, api: httpx.AsyncClient) -> None:
        """Name, address, which is this one; newest first, and nobody else's."""
        await sign_in(api, ada, "Ada's phone", "192.0.2.7")
        phone, this = await listed(ada)
        assert (phone["device_name"], phone["ip"], phone["is_current"]) == ("Ada's phone", "192.0.2.7", False)
        assert (this["is_current"], this["ended_at"], this["ended_why"]) == (True, None, None)
        assert len(await listed(bob)) == 1

    async def test_a_refresh_notes_when_and_from_where(self, ada: Person, api: httpx.AsyncClient) -> None:
        """It is what a session is used by."""
        tokens = await sign_in(api, ada, "Ada's phone", "192.0.2.7")
        await refresh(api, tokens, "2001:db8::7")
        phone, _ = await listed(ada)
        assert phone["ip"] == "2001:db8::7"
        assert phone["last_used_at"] > phone["created_at"]

    async def test_what_has_expired_is_not_listed(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Nor what was ended more than a week ago, which upkeep then deletes with its tokens."""
        await sign_in(api, ada, "old", "192.0.2.7")
        await sign_in(api, ada, "ended", "192.0.2.7")
        async with services.database.connection() as db:
            await execute(
                db, "UPDATE sessions SET last_used_at = now() - interval '8 days' WHERE device_name = 'old'"
            )
            await execute(
                db,
                "UPDATE sessions SET revoked_at = now() - interval '8 days', revoked_why = 'replay' "
                "WHERE device_name = 'ended'",
            )
        assert [session["device_name"] for session in await listed(ada)] == [""]

    async def test_it_comes_in_pages(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Each session once."""
        for number in range(4):
            await sign_in(api, ada, str(number), "192.0.2.7")
        names: list[str] = []
        cursor = ""
        while cursor is not None:
            page = (await ada.get(SESSIONS, params={"limit": 2, **({"cursor": cursor} if cursor else {})})).json()
            names += [session["device_name"] for session in page["items"]]
            cursor = page["next_cursor"]
        assert names == ["3", "2", "1", "0", ""]


class TestBound:
    async def test_who_signs_in_once_too_often_ends_what_was_used_longest_ago(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Nobody else's, and none that was ended before; the list and the audit log tell of it."""
        async with services.database.connection() as db:
            await execute(db, "UPDATE sessions SET last_used_at = now() - interval '3 days'")
            await execute(
                db,
                "INSERT INTO sessions (user_id, last_used_at) "
                "SELECT %s, now() - make_interval(mins => n) FROM generate_series(1, %s) n",
                (ada.id, MOST_SESSIONS - 1),
            )
        await sign_in(api, ada, "phone", "192.0.2.7")
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")
        assert (await refresh(api, bob.tokens)).status_code == 200
        async with services.database.connection() as db:
            why = "SELECT count(*) FROM sessions WHERE revoked_why = 'too_many'"
            assert await fetch_value(db, why) == 1
            told = "SELECT detail ->> 'sessions' FROM audit_events WHERE detail ->> 'why' = 'too_many'"
            assert await fetch_value(db, told) == "1"

    async def test_of_many_sign_ins_at_once_each_counts_the_others(self, ada: Person, services: Services) -> None:
        """They are no more than there may be."""
        async with services.database.connection() as db:
            await execute(
                db,
                "INSERT INTO sessions (user_id) SELECT %s FROM generate_series(1, %s)",
                (ada.id, MOST_SESSIONS - 2),
            )
            user = await repository.find_user(db, UUID(ada.id))
        assert user is not None

        async def open_one() -> None:
            async with services.database.transaction() as db:
                await services.sessions.open(db, user, "", Device())

        await asyncio.gather(*(open_one() for _ in range(6)))
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM sessions WHERE revoked_at IS NULL") == MOST_SESSIONS


class TestEnd:
    async def test_one_is_ended_and_says_why(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Its refresh token works no more; ending it again changes nothing."""
        tokens = await sign_in(api, ada, "phone", "192.0.2.7")
        phone, _ = await listed(ada)
        for _ in range(2):
            assert (await ada.post(f"{SESSIONS}/{phone['id']}/end", PROOF)).status_code == 204
        problem(await refresh(api, tokens), 401, "invalid_refresh_token")
        ended, this = await listed(ada)
        assert ended["ended_why"] == "revoked"
        assert this["ended_at"] is None

    async def test_nobody_ends_anothers(self, ada: Person, bob: Person) -> None:
        """It is as if there were none."""
        (session,) = await listed(ada)
        for session_id in (session["id"], uuid4()):
            problem(await bob.post(f"{SESSIONS}/{session_id}/end", PROOF), 404, "session_not_found")
        assert (await listed(ada))[0]["ended_at"] is None

    async def test_all_others_are_ended(self, ada: Person, bob: Person, api: httpx.AsyncClient) -> None:
        """This one goes on, and so do other people's."""
        others = [await sign_in(api, ada, "phone", "192.0.2.7") for _ in range(2)]
        assert (await ada.post(f"{SESSIONS}/end", PROOF)).status_code == 204
        for tokens in others:
            problem(await refresh(api, tokens), 401, "invalid_refresh_token")
        assert (await refresh(api, ada.tokens)).status_code == 200
        assert (await refresh(api, bob.tokens)).status_code == 200

    async def test_an_open_session_is_not_enough(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Whoever found one signs nobody out; leaving by oneself takes nothing."""
        await sign_in(api, ada, "phone", "192.0.2.7")
        phone, _ = await listed(ada)
        for path in (f"{SESSIONS}/{phone['id']}/end", f"{SESSIONS}/end", f"{AUTH}/logout-all"):
            problem(await ada.post(path), 403, "proof_required")
            problem(await ada.post(path, {"password": "not the one"}), 403, "wrong_account_password")
        assert [session["ended_at"] for session in await listed(ada)] == [None, None]
        assert (await api.post(f"{AUTH}/logout", json={"refresh_token": ada.tokens["refresh_token"]})).is_success

    async def test_a_thief_uses_up_his_own_tries(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Its owner still ends his session."""
        services.settings = msgspec.structs.replace(services.settings, rate_limits=True)
        thief = Person(api, ada.email, await sign_in(api, ada, "phone", "192.0.2.7"))
        async with client_of(create_app(services)) as limited:
            thief.client = ada.client = limited
            for _ in range(10):
                problem(await thief.post(f"{SESSIONS}/end", {"password": "a guess"}), 403, "wrong_account_password")
            problem(await thief.post(f"{SESSIONS}/end", PROOF), 429, "rate_limited")
            assert (await ada.post(f"{SESSIONS}/end", PROOF)).status_code == 204


class TestReplay:
    async def test_its_user_is_told_once(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """In the list and by a letter, however often the token is sent again."""
        tokens = await sign_in(api, ada, "phone", "192.0.2.7")
        await letters_sent(services)
        await refresh(api, tokens)
        for _ in range(3):
            problem(await refresh(api, tokens, "192.0.2.66"), 401, "refresh_token_replayed")
        assert (await listed(ada))[0]["ended_why"] == "replay"
        (letter,) = await letters_sent(services)
        assert letter["To"] == ada.email
        assert "192.0.2.66" in text_of(letter)


async def test_without_mail_a_replay_ends_the_session_all_the_same(
    sign_up: SignUp, api: httpx.AsyncClient, services: Services
) -> None:
    """The list tells it."""
    services.post._mailer = None
    ada = await sign_up()
    phone = await sign_in(api, ada, "Ada's phone", "192.0.2.7")
    await refresh(api, phone)
    problem(await refresh(api, phone), 401, "refresh_token_replayed")
    assert (await listed(ada))[0]["ended_why"] == "replay"
