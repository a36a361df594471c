"""Playback tokens: what they open, to whom, and for how long."""

import asyncio
import re
import time
from collections import Counter
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import argon2
import httpx
import jwt
import m3u8
import pytest
from tests.integration.modules.playback.conftest import TRACK
from tests.integration.modules.playback.test_access import PATHS, PLAYABLE

from matinee.common.database import execute
from matinee.common.http.authentication import Caller
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.tokens import guesses

PASSWORD = "winter garden"
_OPEN_SESSION = "INSERT INTO sessions (id, user_id, device_name) VALUES (%s, %s, 'a browser')"
_END_SESSION = "UPDATE sessions SET revoked_at = now(), revoked_why = 'logout' WHERE id = %s"


class Signer:
    """An owner's server: it signs what it likes."""

    def __init__(self, kid: UUID, private_key: str, algorithm: str) -> None:
        self.kid, self.private_key, self.algorithm = kid, private_key, algorithm

    def sign(self, film: Any, *, kid: UUID | None = None, **claims: Any) -> str:
        payload = {"sub": str(film.id), "aud": "video", "exp": int(time.time()) + 300, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        headers = {"kid": str(kid or self.kid)}
        return jwt.encode(payload, self.private_key, algorithm=self.algorithm, headers=headers)


@pytest.fixture
def signer(make_key):
    """Makes a key for a film's owner."""

    async def make(film: Any, algorithm: str = "EdDSA") -> Signer:
        key = await make_key(film, algorithm)
        return Signer(key.id, key.private_key, algorithm)

    return make


@pytest.fixture
def signed_in(database, tokens):
    """Signs somebody in by a session that can be ended: (headers, session)."""

    async def sign_in(user_id: UUID) -> tuple[dict[str, str], UUID]:
        session = uuid4()
        async with database.connection() as db:
            await execute(db, _OPEN_SESSION, (session, user_id))
        return {"Authorization": f"Bearer {await tokens.issue(Caller(user_id, 'USER', session))}"}, session

    return sign_in


async def code(player: httpx.AsyncClient, path: str, **options: Any) -> str:
    """`ok`, or what the refusal says."""
    answer = await player.get(path, **options)
    return "ok" if answer.status_code == 200 else answer.json()["code"]


async def lock(film: Any, password: str = PASSWORD) -> None:
    """As PUT password does."""
    hashed = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
    await film.change(password_hash=hashed, password_id=uuid4(), visibility="password")


async def guessed(
    player: httpx.AsyncClient, film: Any, password: str, *, times: int = 1, address: str = "192.0.2.1"
) -> Counter[str | None]:
    """Guesses of one address at once, by how they are refused."""
    unlock, headers = f"/api/v1/videos/{film.id}/unlock", {"X-Forwarded-For": address}
    asked = (player.post(unlock, json={"password": password}, headers=headers) for _ in range(times))
    return Counter(answer.json().get("code") for answer in await asyncio.gather(*asked))


class TestSignedByTheOwner:
    @pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
    async def test_opens_every_path_of_a_signed_video_which_is_closed_without(
        self, player, whole, signer, algorithm
    ) -> None:
        film = await whole(visibility="signed")
        token = (await signer(film, algorithm)).sign(film)
        for path in PATHS:
            assert await code(player, f"{film.url}/{path}") == "video_not_found", path
            answer = await player.get(f"/t/{token}{film.url}/{path}")
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"].startswith("private, "), path

    async def test_playlists_hand_it_on_by_relative_addresses(self, player, whole, signer) -> None:
        """From the master to a cell, as a player reads them."""
        film = await whole(visibility="signed")
        address = f"http://localhost:3000/t/{(await signer(film)).sign(film)}{film.url}/master.m3u8"
        master = m3u8.loads((await player.get(address)).text, uri=address)
        playlist = master.playlists[0].absolute_uri
        media = m3u8.loads((await player.get(playlist)).text, uri=playlist)
        assert await code(player, media.segments[0].absolute_uri) == "ok"

    async def test_does_not_open_what_is_private_or_wants_a_password(self, player, whole, signer) -> None:
        """So that a leaked token dies when its owner says so."""
        film = await whole(visibility="signed")
        address = f"/t/{(await signer(film)).sign(film)}{film.url}/master.m3u8"
        assert await code(player, address) == "ok"
        await film.change(visibility="private")
        assert await code(player, address) == "video_not_found"
        await lock(film)
        assert await code(player, address) == "password_required"

    async def test_another_owners_key_opens_nothing(self, player, whole, signer) -> None:
        film, other = await whole(visibility="signed"), await whole()
        token = (await signer(other)).sign(film)
        assert await code(player, f"/t/{token}{film.url}/master.m3u8") == "video_not_found"

    async def test_a_key_that_was_deleted_opens_nothing_after_seconds(
        self, player, whole, signer, signing_keys, database, clock
    ) -> None:
        film = await whole(visibility="signed")
        key = await signer(film)
        address = f"/t/{key.sign(film)}{film.cell_url(0)}"
        assert await code(player, address) == "ok"
        async with database.connection() as db:
            await signing_keys.delete_key(db, film.owner_id, key.kid)
        clock.offset += 10
        assert await code(player, address) == "playback_token_refused"

    async def test_expires_on_the_short_way_too(self, player, whole, signer, clock) -> None:
        film = await whole(visibility="signed")
        address = f"/t/{(await signer(film)).sign(film, exp=int(time.time() + clock.offset) + 60)}{film.cell_url(0)}"
        assert [await code(player, address) for _ in range(2)] == ["ok", "ok"]
        clock.offset += 70
        assert await code(player, address) == "playback_token_expired"

    async def test_what_is_wrong_with_it_is_said(self, player, whole, signer) -> None:
        """By a code, and where the signer can mend it by a sentence."""
        film = await whole(visibility="signed")
        key = await signer(film)
        forged = Signer(key.kid, (await signer(await whole())).private_key, "EdDSA")
        unsigned = jwt.encode({"sub": str(film.id), "aud": "video", "exp": 1}, None, "none", {"kid": str(key.kid)})
        refused = [
            forged.sign(film),
            unsigned,
            "e30.e30.x",
            key.sign(film, kid=uuid4()),
            key.sign(film, exp=None),
            key.sign(film, sub="me"),
            key.sign(film, aud="everything"),
            key.sign(film, exp=int(time.time()) + 9 * 86400),
            key.sign(film, nbf=int(time.time()) + 100),
            key.sign(film, start=8, end=4),
            key.sign(film, networks=["10.0.0.1/8"]),
            key.sign(film, account=str(film.owner_id), role="ADMIN"),
            key.sign(film, password=str(uuid4())),
            key.sign(film, aud="\ud800"),
            key.sign(film, viewer="\ud800"),
            f"{key.sign(film)}==",
            "x" * 9000,
        ]
        for token in refused:
            assert await code(player, f"/t/{token}{film.url}/master.m3u8") == "playback_token_refused", token
        assert await code(player, f"/t/{key.sign(film, exp=5)}{film.url}/master.m3u8") == "playback_token_expired"

    async def test_opens_the_kinds_that_it_names(self, player, whole, signer) -> None:
        film = await whole(visibility="signed")
        key = await signer(film)
        for kinds, expected in (("thumbnail", "video_not_found"), (["thumbnail", "video"], "ok")):
            assert await code(player, f"/t/{key.sign(film, aud=kinds)}{film.url}/master.m3u8") == expected


class TestRules:
    async def test_referrers_networks_and_countries_are_held_to(self, player, whole, signer) -> None:
        """By the page, the client's address, and what a proxy says; no answer is remembered for others."""
        film = await whole(visibility="signed")
        key = await signer(film)
        pages = key.sign(film, referrers=["example.org", "*.shop.example"])
        cases: list[tuple[str, dict[str, str], str]] = [
            (pages, {"Referer": "https://example.org/a"}, "ok"),
            (pages, {"Origin": "https://www.shop.example"}, "ok"),
            (pages, {"Origin": "https://shop.example"}, "playback_token_refused"),
            (pages, {"Referer": "https://evil.test/?https://example.org"}, "playback_token_refused"),
            (pages, {}, "playback_token_refused"),
            (pages, {"Referer": "http://["}, "playback_token_refused"),
            (key.sign(film, networks=["127.0.0.0/8"]), {}, "ok"),
            (key.sign(film, networks=["10.0.0.0/8", "::1"]), {}, "playback_token_refused"),
            (key.sign(film, countries=["CH", "AT"]), {"X-Country": "AT"}, "ok"),
            (key.sign(film, countries=["CH"]), {"X-Country": "DE"}, "playback_token_refused"),
            (key.sign(film, countries=["CH"]), {}, "playback_token_refused"),
        ]
        for (token, headers, expected), path in product(cases, (f"{film.url}/master.m3u8", film.cell_url(0))):
            assert await code(player, f"/t/{token}{path}", headers=headers) == expected, (headers, path)


CUSTOMER, OURS, EVIL = "https://example.org/a", "http://localhost:3000/embed/x?token=y", "https://evil.test/"


class TestEmbedding:
    """The embed page is judged by the page that it is shown on; its player's requests come from our own."""

    @pytest.fixture
    async def film(self, whole):
        return await whole(visibility="signed")

    @pytest.fixture
    def sealed(self, player):
        """The token that the embed page has for its player; None where it has none."""

        async def ask(film: Any, token: str, page: str | None) -> str | None:
            headers = {} if page is None else {"Referer": page}
            answer = await player.get(f"/embed/{film.id}", params={"token": token}, headers=headers)
            assert answer.status_code == 200
            found = re.search(r'<meta name="playback-token" content="([^"]*)">', answer.text)
            ancestors = answer.headers["content-security-policy"].rpartition("frame-ancestors ")[2]
            assert ancestors == ("example.org:*" if found else "*")
            assert answer.headers["cache-control"] == ("no-store" if found else "no-cache")
            return found and found[1]

        return ask

    async def test_its_player_plays_on_pages_that_the_token_is_for(self, player, film, signer, sealed) -> None:
        """With what the page was given, and from there alone."""
        token = await sealed(film, (await signer(film)).sign(film, referrers=["example.org"]), CUSTOMER)
        for page, expected in ((OURS, "ok"), (CUSTOMER, "playback_token_refused"), (EVIL, "playback_token_refused")):
            for path in (f"{film.url}/master.m3u8", film.cell_url(0)):
                assert await code(player, f"/t/{token}{path}", headers={"Referer": page}) == expected, page
        assert await code(player, f"/t/{token}{film.url}/master.m3u8") == "playback_token_refused"

    async def test_its_player_gets_nothing_on_others(self, film, signer, sealed) -> None:
        """Nor where nobody tells which page it is. Other rules than that are held to as well."""
        key = await signer(film)
        for page in (EVIL, OURS, None):
            assert await sealed(film, key.sign(film, referrers=["example.org"]), page) is None
        elsewhere = key.sign(film, referrers=["example.org"], networks=["10.0.0.0/8"])
        assert await sealed(film, elsewhere, CUSTOMER) is None

    async def test_what_a_player_was_given_opens_no_other_embed_page(self, film, signer, sealed) -> None:
        """Whoever has taken it out of one cannot show it on his pages, and no token has a seal by anybody else."""
        given = await sealed(film, (await signer(film)).sign(film, referrers=["example.org"]), CUSTOMER)
        for page in (CUSTOMER, OURS, EVIL):
            assert await sealed(film, given, page) is None

    async def test_a_seal_is_of_one_token_and_ends_with_it(
        self, player, film, signer, sealed, signing_keys, database, clock
    ) -> None:
        key, another = await signer(film), await signer(film)
        token, later = [
            await sealed(film, each.sign(film, referrers=["example.org"]), CUSTOMER) for each in (key, another)
        ]
        other = key.sign(film, referrers=["other.example"])

        async def opens(token: str) -> str:
            return await code(player, f"/t/{token}{film.url}/master.m3u8", headers={"Referer": OURS})

        assert await opens(f"{other}.{token.rpartition('.')[2]}") == "playback_token_refused"
        assert await opens(token) == "ok"
        async with database.connection() as db:
            await signing_keys.delete_key(db, film.owner_id, key.kid)
        clock.offset += 10
        assert (await opens(token), await opens(later)) == ("playback_token_refused", "ok")
        clock.offset += 300
        assert await opens(later) == "playback_token_expired"

    async def test_the_page_is_as_it_was_built_for_all_other_tokens(self, film, signer, sealed) -> None:
        """Those without such a rule, and what is none, however much it looks like a page."""
        token = (await signer(film)).sign(film, referrers=["example.org"])
        for other in ((await signer(film)).sign(film), "", "e30.e30.x", f'{token}"><script>', f"{token}\n"):
            assert await sealed(film, other, CUSTOMER) is None


class TestParts:
    async def test_of_a_video_are_told_and_opened_and_nothing_else(self, player, make_film, signer) -> None:
        """From the segment that shows `start` to the one that shows `end`, in HLS, DASH and by address."""
        film = await make_film(visibility="signed")
        for index in range(5):
            await film.store(index)
        prefix = f"/t/{(await signer(film)).sign(film, start=6, end=12)}"
        playlist = m3u8.loads((await player.get(f"{prefix}{film.url}/r1/v240/playlist.m3u8")).text)
        told = [int(segment.uri.removesuffix(".m4s")) for segment in playlist.segments]
        cells = film.plan.grid.cells
        assert told == list(range(told[0], told[-1] + 1))
        assert 0 < told[0] <= told[-1] < cells - 1
        for index in range(cells):
            expected = "ok" if index in told else "no_such_cell"
            assert await code(player, f"{prefix}{film.cell_url(index)}") == expected, index
        manifest = (await player.get(f"{prefix}{film.url}/manifest.mpd")).text
        assert f'startNumber="{told[0]}"' in manifest
        assert "presentationTimeOffset" in manifest

    async def test_of_a_ladder_are_told_and_opened_and_nothing_else(self, player, make_film, signer) -> None:
        film = await make_film(visibility="signed")
        for rendition in ("v240", "v480"):
            await film.store(0, rendition)
        prefix = f"/t/{(await signer(film)).sign(film, max_height=240)}"
        master = (await player.get(f"{prefix}{film.url}/master.m3u8")).text
        assert "v240/playlist.m3u8" in master
        assert "v480" not in master
        assert await code(player, f"{prefix}{film.cell_url(0, 'v240')}") == "ok"
        for path in ("playlist.m3u8", "iframes.m3u8", "init.mp4", "0.m4s"):
            assert await code(player, f"{prefix}{film.url}/r1/v480/{path}") == "no_such_cell", path

    async def test_keep_text_back_that_is_not_cut(self, player, whole, signer) -> None:
        film = await whole(visibility="signed")
        prefix = f"/t/{(await signer(film)).sign(film, start=6)}"
        assert await code(player, f"{prefix}{film.url}/captions/{TRACK}.vtt") == "no_such_track"
        assert await code(player, f"{prefix}{film.url}/captions/{TRACK}/index.m3u8") == "ok"

    async def test_of_picture_and_sound_are_the_same_cells(self, player, make_film, signer) -> None:
        """Also from the very start of one, where the sound's begins some milliseconds later."""
        film = await make_film(visibility="signed")
        start = float(film.plan.grid.cell_start(2))
        prefix = f"/t/{(await signer(film)).sign(film, start=start)}{film.url}/r1"
        first = [
            m3u8.loads((await player.get(f"{prefix}/{name}/playlist.m3u8")).text).segments[0].uri
            for name in ("v240", "audio")
        ]
        assert first == ["2.m4s", "2.m4s"]

    async def test_behind_the_end_are_nothing(self, player, make_film, signer) -> None:
        film = await make_film(visibility="signed")
        prefix = f"/t/{(await signer(film)).sign(film, start=1000)}"
        for path in ("master.m3u8", "manifest.mpd", "r1/v240/playlist.m3u8"):
            assert await code(player, f"{prefix}{film.url}/{path}") == "no_such_cell", path


class TestSignedByUs:
    async def test_for_oneself_opens_what_one_may_see_until_one_may_no_longer(
        self, player, whole, signed_in, database
    ) -> None:
        """A friend is cut off at once, in the middle of the video, when it is shared with him no longer."""
        film, friend = await whole(visibility="private"), await whole()
        await film.change(viewers=[friend.owner_id])
        headers, _ = await signed_in(friend.owner_id)
        made = await player.post(f"/api/v1/videos/{film.id}/playback-tokens", json={}, headers=headers)
        assert made.status_code == 201
        prefix = made.json()["prefix"]
        assert made.json()["playback"]["hls"] == f"{prefix}{film.url}/master.m3u8"
        assert [await code(player, f"{prefix}{film.url}/{path}") for path in PLAYABLE] == ["ok"] * len(PLAYABLE)
        await film.change(viewers=[])
        assert {await code(player, f"{prefix}{film.url}/{path}") for path in PATHS} == {"video_not_found"}

    async def test_is_made_anew_until_one_signs_out_and_not_by_whoever_found_it(
        self, player, whole, signed_in, database
    ) -> None:
        """A leaked address dies: it does not renew itself."""
        film = await whole(visibility="private")
        headers, session = await signed_in(film.owner_id)
        tokens = f"/api/v1/videos/{film.id}/playback-tokens"
        prefix = (await player.post(tokens, json={}, headers=headers)).json()["prefix"]
        assert (await player.post(f"{prefix}{tokens}", json={})).json()["code"] == "not_yours_to_renew"
        assert (await player.post(tokens, json={}, headers=headers)).status_code == 201
        async with database.connection() as db:
            await execute(db, _END_SESSION, (session,))
        for wanted in ({}, {"holder": "anyone"}):
            answer = await player.post(tokens, json=wanted, headers=headers)
            assert answer.json()["code"] == "unauthenticated"

    async def test_lasts_minutes(self, player, whole, signed_in, clock) -> None:
        film = await whole(visibility="private")
        headers, _ = await signed_in(film.owner_id)
        body = {"lifetime": 86_400}
        made = await player.post(f"/api/v1/videos/{film.id}/playback-tokens", json=body, headers=headers)
        prefix = made.json()["prefix"]
        clock.offset += 590
        assert await code(player, f"{prefix}{film.url}/master.m3u8") == "ok"
        clock.offset += 20
        assert await code(player, f"{prefix}{film.url}/master.m3u8") == "playback_token_expired"

    async def test_for_anyone_is_for_the_owner_to_make_and_for_nobody_else_to_renew(
        self, player, whole, signed_in
    ) -> None:
        film, friend = await whole(visibility="signed"), await whole()
        await film.change(viewers=[friend.owner_id])
        tokens, wanted = f"/api/v1/videos/{film.id}/playback-tokens", {"holder": "anyone", "lifetime": 86_400}
        stranger = await player.post(tokens, json=wanted, headers=(await signed_in(friend.owner_id))[0])
        assert stranger.json()["code"] == "forbidden"
        made = await player.post(tokens, json=wanted, headers=(await signed_in(film.owner_id))[0])
        prefix = made.json()["prefix"]
        assert await code(player, f"{prefix}{film.url}/master.m3u8") == "ok"
        assert (await player.post(f"{prefix}{tokens}", json={})).json()["code"] == "not_yours_to_renew"

    async def test_is_verified_by_the_published_keys(self, player, whole, signed_in, signing_keys) -> None:
        """Also what was signed before the key was rotated."""
        film = await whole(visibility="private")
        headers, _ = await signed_in(film.owner_id)
        made = await player.post(f"/api/v1/videos/{film.id}/playback-tokens", json={}, headers=headers)
        await signing_keys.rotate()
        token, key_set = made.json()["token"], (await player.get("/.well-known/jwks.json")).json()
        key = jwt.PyJWKSet.from_dict(key_set)[jwt.get_unverified_header(token)["kid"]]
        assert jwt.decode(token, key, audience="video", algorithms=["EdDSA"])["sub"] == str(film.id)
        assert await code(player, f"{made.json()['prefix']}{film.url}/master.m3u8") == "ok"


class TestPasswords:
    async def test_open_a_video_until_they_change(self, player, whole) -> None:
        film = await whole()
        await lock(film)
        assert {await code(player, f"{film.url}/{path}") for path in PATHS} == {"password_required"}
        unlock = f"/api/v1/videos/{film.id}/unlock"
        wrong = await player.post(unlock, json={"password": "summer garden"})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "wrong_password")
        prefix = (await player.post(unlock, json={"password": PASSWORD})).json()["prefix"]
        assert [await code(player, f"{prefix}{film.url}/{path}") for path in PLAYABLE] == ["ok"] * len(PLAYABLE)
        renewed = await player.post(f"{prefix}/api/v1/videos/{film.id}/playback-tokens", json={})
        assert renewed.status_code == 201
        await lock(film, "autumn garden")
        for old in (prefix, renewed.json()["prefix"]):
            assert {await code(player, f"{old}{film.url}/{path}") for path in PATHS} == {"password_required"}

    async def test_are_asked_for_again_after_a_day(self, player, whole, clock) -> None:
        """However often what they opened was renewed."""
        film = await whole()
        await lock(film)
        answer = await player.post(f"/api/v1/videos/{film.id}/unlock", json={"password": PASSWORD})
        renewals = 0
        while answer.status_code == 201:
            clock.offset += 580
            tokens = f"{answer.json()['prefix']}/api/v1/videos/{film.id}/playback-tokens"
            answer, renewals = await player.post(tokens, json={}), renewals + 1
        assert (answer.json()["code"], renewals) == ("password_required", 149)

    async def test_are_guessed_so_often_and_right_guesses_are_not_counted(self, player, whole, monkeypatch) -> None:
        """Not by the one who guesses at once, either. The limit is an address's; others go on."""
        monkeypatch.setattr(guesses, "OF_ADDRESS", RateLimit("unlock", 3, 600))
        film = await whole()
        await lock(film)
        assert await guessed(player, film, PASSWORD, times=5) == {None: 5}
        assert await guessed(player, film, "summer garden", times=6) == {"wrong_password": 3, "rate_limited": 3}
        assert await guessed(player, film, PASSWORD) == {"rate_limited": 1}
        assert await guessed(player, film, PASSWORD, address="192.0.2.2") == {None: 1}

    async def test_are_guessed_so_often_from_everywhere(self, player, whole, monkeypatch, signed_in) -> None:
        """Who was let in before goes on meanwhile, and the owner is asked for no password; other videos are open."""
        monkeypatch.setattr(guesses, "OF_VIDEO", RateLimit("unlock-video", 3, 600))
        film, other = await whole(), await whole()
        await lock(film)
        await lock(other)
        unlock = f"/api/v1/videos/{film.id}/unlock"
        prefix = (await player.post(unlock, json={"password": PASSWORD})).json()["prefix"]
        for index in range(3):
            address = f"192.0.2.{index}"
            assert await guessed(player, film, "summer garden", address=address) == {"wrong_password": 1}
        assert await guessed(player, film, PASSWORD, address="192.0.2.9") == {"rate_limited": 1}
        assert await guessed(player, other, PASSWORD) == {None: 1}
        renewed = await player.post(f"{prefix}/api/v1/videos/{film.id}/playback-tokens", json={})
        assert await code(player, f"{renewed.json()['prefix']}{film.url}/master.m3u8") == "ok"
        headers, _ = await signed_in(film.owner_id)
        assert await code(player, f"{film.url}/master.m3u8", headers=headers) == "ok"

    async def test_do_not_tell_of_videos_that_have_none(self, player, whole) -> None:
        film = await whole(visibility="private")
        for video_id in (film.id, uuid4()):
            answer = await player.post(f"/api/v1/videos/{video_id}/unlock", json={"password": PASSWORD})
            assert answer.json()["code"] == "video_not_found"
        await film.change(visibility="public")
        answer = await player.post(f"/api/v1/videos/{film.id}/unlock", json={"password": PASSWORD})
        assert answer.json()["code"] == "no_password_needed"
