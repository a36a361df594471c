"""Rotating and ending sessions by their refresh tokens."""

import asyncio
import contextlib
import time
from datetime import timedelta

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, client_of, problem, sha256
from tests.integration.modules.auth.signing_in import AUTH, log_in, refresh

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.common.database import fetch_value
from matinee.modules.auth.errors import InvalidRefreshToken, RefreshRaced, RefreshTokenReplayed
from matinee.modules.auth.repository import claim_token

LOGIN, REFRESH, LOGOUT = (f"{AUTH}/{operation}" for operation in ("login", "refresh", "logout"))


class RollBack(Exception):
    """Undoes the transaction it is raised in."""


class TestRefresh:
    async def test_it_rotates(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A new pair, and the new one works."""
        first = await refresh(api, ada.tokens)
        assert first.status_code == 200
        assert first.json()["refresh_token"] != ada.tokens["refresh_token"]
        assert (await refresh(api, first.json())).status_code == 200

    async def test_the_cookie_works_too(self, ada: Person, api: httpx.AsyncClient) -> None:
        """For browsers, with an empty body."""
        await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})
        assert (await api.post(REFRESH, json={})).status_code == 200
        assert (await api.post(REFRESH, json={})).status_code == 200

    SITES = pytest.mark.parametrize(
        ("site", "origin", "status"),
        [
            ("same-origin", "http://localhost:3000", 200),
            ("same-site", "https://films.example.org", 200),
            ("same-site", "https://neighbour.example.org", 401),
            ("cross-site", "null", 401),
        ],
    )

    @SITES
    async def test_no_other_site_signs_a_browser_in(
        self, site: str, origin: str, status: int, ada: Person, services: Services
    ) -> None:
        """To an account of its own: a body without a type needs nobody's leave, and a neighbour's cookie is kept."""
        services.settings = msgspec.structs.replace(services.settings, cors_origins=("https://films.example.org",))
        headers = {"Sec-Fetch-Site": site, "Origin": origin}
        async with client_of(create_app(services)) as api:
            body = msgspec.json.encode({"email": ada.email, "password": PASSWORD})
            tokens = (await api.post(LOGIN, content=body, headers=headers)).json()
            assert bool(api.cookies) is (status == 200)
            api.cookies.clear()
            body = msgspec.json.encode({"refresh_token": tokens["refresh_token"]})
            assert (await api.post(REFRESH, content=body, headers=headers)).status_code == 200
            assert bool(api.cookies) is (status == 200)

    @SITES
    async def test_no_other_site_has_the_cookie_sent(
        self, site: str, origin: str, status: int, ada: Person, services: Services
    ) -> None:
        """Not even a neighbour, which `SameSite` lets in, unless the settings name it."""
        services.settings = msgspec.structs.replace(services.settings, cors_origins=("https://films.example.org",))
        async with client_of(create_app(services)) as api:
            await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})
            headers = {"Sec-Fetch-Site": site, "Origin": origin}
            assert (await api.post(REFRESH, json={}, headers=headers)).status_code == status
            left = await api.post(LOGOUT, json={}, headers=headers)
            assert left.status_code == (204 if status == 200 else 401)

    async def test_a_replay_ends_the_whole_family(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Whoever holds the newest token loses it as well."""
        newest = (await refresh(api, ada.tokens)).json()
        problem(await refresh(api, ada.tokens), 401, "refresh_token_replayed")
        problem(await refresh(api, newest), 401, "invalid_refresh_token")

    async def test_another_session_survives_the_replay(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A session is one device."""
        other = (await log_in(api, ada.email, PASSWORD)).json()
        await refresh(api, ada.tokens)
        await refresh(api, ada.tokens)
        assert (await refresh(api, other)).status_code == 200

    async def test_of_several_at_once_one_wins_and_the_session_lives(
        self, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """Overlapping requests are one client racing itself: the losers are told so, and the winner goes on."""
        answers = await asyncio.gather(*(refresh(api, ada.tokens) for _ in range(4)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        for answer in answers:
            if answer is not won[0]:
                problem(answer, 409, "refresh_raced")
                assert "set-cookie" not in answer.headers
        assert (await refresh(api, won[0].json())).status_code == 200

    async def test_while_another_process_is_at_it_it_does_not_wait(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """It is told at once that it raced; the token is good still when the other one fails."""
        used = sha256(ada.tokens["refresh_token"])
        with contextlib.suppress(RollBack):
            async with services.database.transaction() as db:
                assert await claim_token(db, used, rest=timedelta(days=7), longest=None) is not None
                problem(await refresh(api, ada.tokens), 409, "refresh_raced")
                raise RollBack
        assert (await refresh(api, ada.tokens)).status_code == 200

    async def test_one_that_came_before_the_token_was_used_raced(self, ada: Person, services: Services) -> None:
        """However long it had to wait for a connection; one that came behind it is a replay."""
        token = ada.tokens["refresh_token"]
        before = time.time()
        newest = (await services.sessions.refresh(token, before, None)).refresh_token
        with pytest.raises(RefreshRaced):
            await services.sessions.refresh(token, before, None)
        newest = (await services.sessions.refresh(newest, time.time(), None)).refresh_token
        with pytest.raises(RefreshTokenReplayed):
            await services.sessions.refresh(token, time.time(), None)
        with pytest.raises(InvalidRefreshToken):
            await services.sessions.refresh(newest, time.time(), None)

    async def test_only_hashes_are_stored(self, ada: Person, services: Services) -> None:
        """A copy of the database opens no session."""
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT hash FROM refresh_tokens LIMIT 1")
        assert len(stored) == 32
        assert ada.tokens["refresh_token"].encode() != stored

    async def test_an_expired_one_is_refused(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """After seven days."""
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT (expires_at - issued_at) = interval '7 days' FROM refresh_tokens")
            await db.execute("UPDATE refresh_tokens SET expires_at = now() - interval '1 second'")
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")

    @pytest.mark.parametrize("token", ["", "nonsense", "ü", "x" * 200])
    async def test_nonsense_is_refused(self, api: httpx.AsyncClient, token: str) -> None:
        """Without a 500."""
        assert (await refresh(api, {"refresh_token": token})).status_code in {401, 422}


class TestLogout:
    async def test_the_session_ends(self, ada: Person, api: httpx.AsyncClient) -> None:
        """And the cookie is cleared."""
        answer = await api.post(LOGOUT, json={"refresh_token": ada.tokens["refresh_token"]})
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")

    async def test_browsers_sign_out_by_their_cookie(self, ada: Person, api: httpx.AsyncClient) -> None:
        """With an empty body; the session ends, not only the cookie."""
        tokens = (await api.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).json()
        assert (await api.post(LOGOUT, json={})).status_code == 204
        assert "matinee_refresh" not in api.cookies
        problem(await refresh(api, tokens), 401, "invalid_refresh_token")

    async def test_without_a_token_it_is_told_where_to_put_it(self, api: httpx.AsyncClient) -> None:
        """There is nothing to end."""
        problem(await api.post(LOGOUT, json={}), 401, "invalid_refresh_token")

    async def test_twice_and_unknown_ones_are_as_good_as_signed_out(
        self, ada: Person, api: httpx.AsyncClient
    ) -> None:
        """The client wants no session, and there is none."""
        for token in (ada.tokens["refresh_token"], ada.tokens["refresh_token"], "unknown"):
            assert (await api.post(LOGOUT, json={"refresh_token": token})).status_code == 204

    async def test_everywhere_ends_every_session(self, ada: Person, api: httpx.AsyncClient) -> None:
        """On all devices."""
        other = (await log_in(api, ada.email, PASSWORD)).json()
        assert (await ada.post(f"{AUTH}/logout-all", {"password": PASSWORD})).status_code == 204
        for tokens in (ada.tokens, other):
            problem(await refresh(api, tokens), 401, "invalid_refresh_token")
