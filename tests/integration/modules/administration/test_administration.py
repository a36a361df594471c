"""Other people's accounts: found, shut out everywhere at once, and never the last administrator."""

import asyncio
from typing import Any
from uuid import UUID

import click
import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, client_of, problem

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.cli import users
from matinee.common.acting import COMMAND_LINE, Actor, act_as
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.modules.administration.errors import LastAdministrator
from matinee.modules.administration.schemas import UserChange

USERS = "/api/v1/users"
LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
_ADMINISTRATORS = "SELECT count(*) FROM users WHERE role = 'ADMIN' AND suspended_at IS NULL"


@pytest.fixture
async def admin(sign_up: SignUp) -> Person:
    """An administrator."""
    return await sign_up(role="ADMIN", name="Root")


async def suspend(admin: Person, person: Person, clock: Clock, reason: str = "Spam.") -> dict[str, Any]:
    """Shuts somebody out, and lets the second pass within which others may not have heard."""
    body = {"reason": reason}
    answer = await admin.client.put(f"{USERS}/{person.id}/suspension", json=body, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    clock.offset += 1
    return dict(answer.json())


async def sign_in(person: Person, password: str = PASSWORD) -> httpx.Response:
    answer = await person.client.post(LOGIN, json={"email": person.email, "password": password})
    person.client.cookies.clear()
    return answer


async def found(admin: Person, **query: Any) -> list[str]:
    """The ids of accounts that a search finds."""
    answer = await admin.get(USERS, params=query)
    assert answer.status_code == 200, answer.text
    return [user["id"] for user in answer.json()["items"]]


async def shared_video(owner: Person, viewer: Person) -> str:
    """A private video that the viewer may see."""
    video_id: str = (await owner.init())["video"]["id"]
    await owner.post(f"/api/v1/videos/{video_id}/viewers", {"email": viewer.email})
    return f"/api/v1/videos/{video_id}"


class TestFinding:
    async def test_by_name_and_address_and_what_they_are(
        self, admin: Person, ada: Person, bob: Person, sign_up: SignUp, services: Services, clock: Clock
    ) -> None:
        """Any part in any case, nothing of it a wildcard; and by role, suspension and verified address."""
        odd = await sign_up(name="100%_\\ Zoë")
        assert await found(admin) == [odd.id, bob.id, ada.id, admin.id]
        assert await found(admin, q="BOB") == [bob.id]
        assert await found(admin, q=ada.email[:8]) == [ada.id]
        assert await found(admin, q="0%_\\ ") == [odd.id]
        assert await found(admin, q="%%%") == []
        assert await found(admin, role="ADMIN") == [admin.id]
        await suspend(admin, bob, clock)
        assert await found(admin, suspended="true") == [bob.id]
        assert await found(admin, suspended="false", q="@example.org", role="USER") == [odd.id, ada.id]
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email_verified_at = now() WHERE id = %s", (UUID(ada.id),))
        assert await found(admin, email_verified="true") == [ada.id]
        assert ada.id not in await found(admin, email_verified="false")

    async def test_in_pages(self, admin: Person, ada: Person, bob: Person) -> None:
        """Newest first, each once."""
        first = (await admin.get(f"{USERS}?limit=2")).json()
        second = (await admin.get(f"{USERS}?limit=2&cursor={first['next_cursor']}")).json()
        ids = [user["id"] for page in (first, second) for user in page["items"]]
        assert (ids, second["next_cursor"]) == ([bob.id, ada.id, admin.id], None)

    async def test_one_with_what_it_stores_and_where_it_is_signed_in(self, admin: Person, ada: Person) -> None:
        """Never the hash of its password."""
        await ada.init(filesize=1000)
        shown = (await admin.get(f"{USERS}/{ada.id}")).json()
        assert (shown["email"], shown["usage"]["bytes"], shown["suspension"]) == (ada.email, 1000, None)
        assert [session["ip"] for session in shown["sessions"]] == ["127.0.0.1"]
        assert "argon2" not in str(shown)
        problem(await admin.get(f"{USERS}/{UUID(int=7)}"), 404, "user_not_found")


class TestSuspending:
    async def test_nothing_that_its_owner_has_opens_anything(
        self, admin: Person, ada: Person, bob: Person, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        """Access token, refresh token, API key, playback tokens of both."""
        video = await shared_video(ada, bob)
        key = (
            await bob.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["videos:read"]})
        ).json()
        by_key = {"Authorization": f"Bearer {key['secret']}"}
        tokens = [
            (await api.post(f"{video}/playback-tokens", json={"holder": "me"}, headers=headers)).json()["token"]
            for headers in (bob.headers, by_key)
        ]
        for token in tokens:
            assert (await api.get(f"/t/{token}{video}")).status_code == 200
        assert (await api.get(video, headers=by_key)).status_code == 200
        await suspend(admin, bob, clock)
        problem(await bob.get(video), 401, "invalid_token")
        problem(await api.get(video, headers=by_key), 401, "invalid_api_key")
        for token in tokens:
            problem(await api.get(f"/t/{token}{video}"), 403, "playback_token_refused")
        refresh = {"refresh_token": bob.tokens["refresh_token"]}
        problem(await api.post("/api/v1/auth/refresh", json=refresh), 401, "invalid_refresh_token")
        assert (await ada.get(video)).status_code == 200

    async def test_who_knows_the_password_is_told_why(self, admin: Person, bob: Person, clock: Clock) -> None:
        """And nobody else learns that the account is suspended."""
        shown = await suspend(admin, bob, clock, "Films of others.")
        assert shown["suspension"]["reason"] == "Films of others."
        assert "Films of others." in problem(await sign_in(bob), 403, "account_suspended")["detail"]
        problem(await sign_in(bob, "wrong horse"), 401, "invalid_credentials")

    async def test_lifted_it_is_as_before(
        self, admin: Person, bob: Person, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        """But for its sessions; the reason is forgotten, the log is not."""
        key = (
            await bob.post("/api/v1/api-keys", {"password": PASSWORD, "name": "Import", "scopes": ["account:read"]})
        ).json()
        await suspend(admin, bob, clock)
        answer = await admin.delete(f"{USERS}/{bob.id}/suspension")
        assert answer.json()["suspension"] is None
        clock.offset += 1
        problem(await bob.get(ME), 401, "invalid_token")
        again = await sign_in(bob)
        headers = {"Authorization": f"Bearer {again.json()['access_token']}"}
        assert (await api.get(ME, headers=headers)).status_code == 200
        assert (await api.get(ME, headers={"Authorization": f"Bearer {key['secret']}"})).status_code == 200
        recorded = (await admin.get("/api/v1/audit", params={"account": bob.id})).json()["items"]
        assert [event["what"] for event in recorded[:4]] == [
            "session.opened",
            "account.suspension_lifted",
            "account.sessions_ended",
            "account.suspended",
        ]

    async def test_its_videos_are_kept_and_served_to_nobody(
        self, admin: Person, ada: Person, bob: Person, api: httpx.AsyncClient, clock: Clock
    ) -> None:
        """Not listed, not seen, not unlocked; administrators see them. Lifted, they are back."""
        video = await shared_video(ada, bob)
        await ada.client.put(f"{video}/password", json={"password": "winter garden"}, headers=ada.headers)
        await suspend(admin, ada, clock)
        problem(await bob.get(video), 404, "video_not_found")
        problem(await api.get(video), 404, "video_not_found")
        unlocking = {"password": "winter garden"}
        problem(await api.post(f"{video}/unlock", json=unlocking), 404, "video_not_found")
        assert (await admin.get(video)).status_code == 200
        await admin.delete(f"{USERS}/{ada.id}/suspension")
        assert (await bob.get(video)).status_code == 200
        assert (await api.post(f"{video}/unlock", json=unlocking)).status_code == 201

    async def test_who_signs_in_at_this_moment_is_shut_out_too(self, bob: Person, services: Services) -> None:
        """Whichever of both is first."""
        act_as(lambda: COMMAND_LINE)
        async with services.database.transaction() as db:
            await services.administration.suspend(db, UUID(bob.id), "Spam.")
            signing_in = asyncio.create_task(sign_in(bob))
            await asyncio.wait([signing_in], timeout=0.3)
        problem(await signing_in, 403, "account_suspended")


class TestSigningOut:
    async def test_is_heard_within_a_second(self, admin: Person, ada: Person, clock: Clock) -> None:
        """By access tokens too, whoever ended the session."""
        assert (await ada.get(ME)).status_code == 200
        assert (await admin.delete(f"{USERS}/{ada.id}/sessions")).status_code == 204
        clock.offset += 1
        problem(await ada.get(ME), 401, "invalid_token")
        again = (await sign_in(ada)).json()
        headers = {"Authorization": f"Bearer {again['access_token']}"}
        assert (await ada.client.get(ME, headers=headers)).status_code == 200
        await ada.client.post("/api/v1/auth/logout", json={"refresh_token": again["refresh_token"]})
        clock.offset += 1
        problem(await ada.client.get(ME, headers=headers), 401, "invalid_token")

    async def test_of_very_many_all_are_remembered(self, ada: Person, services: Services, clock: Clock) -> None:
        """More than one look reads at once, all ended at the same moment."""
        async with services.database.connection() as db:
            await db.execute(
                "INSERT INTO sessions (user_id, revoked_at) SELECT $1, now() FROM generate_series(1, 2500)",
                UUID(ada.id),
            )
        await ada.get(ME)
        assert len(services.endings._ended) == 2500
        clock.offset += 3600
        await services.endings.has_access(services.tokens.verify((await sign_in(ada)).json()["access_token"]))
        assert len(services.endings._ended) == 0


class TestRoles:
    async def test_a_former_administrator_is_none_at_once(self, admin: Person, sign_up: SignUp, clock: Clock) -> None:
        """What was signed with the former role opens nothing more."""
        other = await sign_up(role="ADMIN")
        changed = await admin.patch(f"{USERS}/{other.id}", {"role": "USER", "password": PASSWORD})
        assert changed.json()["role"] == "USER"
        clock.offset += 1
        problem(await other.get(USERS), 401, "invalid_token")
        token = (await sign_in(other)).json()["access_token"]
        problem(await other.client.get(USERS, headers={"Authorization": f"Bearer {token}"}), 403, "forbidden")

    async def test_an_open_session_is_not_enough(self, admin: Person, bob: Person) -> None:
        """Whoever finds one makes no administrator, who would stay one after it has ended."""
        problem(await admin.patch(f"{USERS}/{bob.id}", {"role": "ADMIN"}), 403, "proof_required")
        guess = {"role": "ADMIN", "password": "a guess"}
        problem(await admin.patch(f"{USERS}/{bob.id}", guess), 403, "wrong_account_password")
        assert (await admin.get(f"{USERS}/{bob.id}")).json()["role"] == "USER"

    async def test_who_is_right_is_not_counted_among_those_who_guess(
        self, admin: Person, bob: Person, services: Services
    ) -> None:
        """He gives as many roles as he has to; of guesses, also of many at once, ten are judged."""
        services.settings = msgspec.structs.replace(services.settings, rate_limits=True)
        async with client_of(create_app(services)) as admin.client:
            for role in ("ADMIN", "USER") * 6:
                given = await admin.patch(f"{USERS}/{bob.id}", {"role": role, "password": PASSWORD})
                assert given.status_code == 200, given.text
            guess = {"role": "ADMIN", "password": "a guess"}
            answers = await asyncio.gather(*(admin.patch(f"{USERS}/{bob.id}", guess) for _ in range(12)))
            assert sorted(answer.status_code for answer in answers) == [403] * 10 + [429] * 2
            right = {"role": "ADMIN", "password": PASSWORD}
            problem(await admin.patch(f"{USERS}/{bob.id}", right), 429, "rate_limited")
            assert (await admin.get(f"{USERS}/{bob.id}")).json()["role"] == "USER"

    async def test_nobody_shuts_out_himself(self, admin: Person) -> None:
        """Neither by his role nor by a suspension."""
        demotion = {"role": "USER", "password": PASSWORD}
        problem(await admin.patch(f"{USERS}/{admin.id}", demotion), 409, "own_account")
        body = {"reason": "Tired."}
        answer = await admin.client.put(f"{USERS}/{admin.id}/suspension", json=body, headers=admin.headers)
        problem(answer, 409, "own_account")

    @pytest.mark.parametrize("how", ["suspend", "demote"])
    async def test_of_two_who_shut_each_other_out_one_remains(
        self, admin: Person, sign_up: SignUp, services: Services, how: str
    ) -> None:
        """At the same moment, on two connections."""
        other = await sign_up(role="ADMIN")

        async def shut_out(by: Person, whom: Person) -> bool:
            act_as(lambda: Actor("account", UUID(by.id)))
            try:
                async with services.database.transaction() as db:
                    if how == "suspend":
                        await services.administration.suspend(db, UUID(whom.id), "You!")
                    else:
                        await services.administration.change(db, UUID(whom.id), UserChange(role="USER"))
            except LastAdministrator:
                return False
            return True

        done = await asyncio.gather(shut_out(admin, other), shut_out(other, admin))
        assert sorted(done) == [False, True]
        async with services.database.connection() as db:
            assert await fetch_value(db, _ADMINISTRATORS) == 1


class TestCommandLine:
    async def test_suspends_lifts_and_gives_roles(self, admin: Person, bob: Person, settings: Settings) -> None:
        """In step with the API, and as careful."""
        await users.suspend(settings, bob.email, "Spam.")
        assert await found(admin, suspended="true") == [bob.id]
        await users.lift(settings, bob.email)
        assert await found(admin, suspended="true") == []
        with pytest.raises(click.ClickException, match="only administrator"):
            await users.give_role(settings, admin.email, "USER")
        await users.give_role(settings, bob.email, "ADMIN")
        await users.give_role(settings, admin.email, "USER")
        with pytest.raises(click.ClickException, match="no account"):
            await users.suspend(settings, "nobody@example.org", "Spam.")
