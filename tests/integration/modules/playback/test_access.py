from datetime import UTC, datetime
from itertools import product
from uuid import uuid4

import pytest
from tests.integration.modules.playback.conftest import TRACK

from matinee.common.database import execute

PATHS = [
    "master.m3u8",
    "manifest.mpd",
    "r1/v240/playlist.m3u8",
    "r1/v240/iframes.m3u8",
    "r1/v240/init.mp4",
    "r1/v240/0.m4s",
    f"captions/{TRACK}.vtt",
    f"captions/{TRACK}/index.m3u8",
    f"captions/{TRACK}/0.vtt",
    f"captions/{TRACK}/init.cmft",
    f"captions/{TRACK}/0.cmft",
]
SUSPEND = "UPDATE users SET suspended_at = now(), suspended_why = 'Spam.' WHERE id = %s"
PLAYABLE = [path for path in PATHS if path != f"captions/{TRACK}.vtt"]


class TestWhoMaySee:
    @pytest.mark.parametrize("visibility", ["public", "unlisted"])
    async def test_anyone_with_the_address_watches_public_and_unlisted(self, player, whole, visibility) -> None:
        film = await whole(visibility=visibility)
        for path in PATHS:
            answer = await player.get(f"{film.url}/{path}")
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"].startswith("public, "), path

    async def test_a_private_video_is_for_its_owner_and_administrators(self, player, whole, bearer) -> None:
        film = await whole(visibility="private")
        for headers, path in product((bearer(film.owner_id), bearer(role="ADMIN")), PATHS):
            answer = await player.get(f"{film.url}/{path}", headers=headers)
            assert answer.status_code == 200, path
            assert answer.headers["cache-control"].startswith("private, "), path

    async def test_to_all_others_it_is_as_one_that_does_not_exist(self, player, whole, bearer) -> None:
        film = await whole(visibility="private")
        for path in PATHS:
            answers = [
                await player.get(f"{film.url}/{path}"),
                await player.get(f"{film.url}/{path}", headers=bearer()),
                await player.get(f"/playback/{uuid4()}/{path}"),
            ]
            bodies = [{**answer.json(), "request_id": ""} for answer in answers]
            assert [answer.status_code for answer in answers] == [404, 404, 404], path
            assert bodies[0] == bodies[1] == bodies[2], path
            assert bodies[0]["code"] == "video_not_found", path

    async def test_a_deleted_video_is_gone_for_its_owner_too(self, player, whole, bearer) -> None:
        film = await whole()
        await film.change(deleted_at=datetime.now(UTC))
        for path in PATHS:
            answer = await player.get(f"{film.url}/{path}", headers=bearer(film.owner_id))
            assert answer.status_code == 404, path

    async def test_a_video_turns_private_for_those_who_watch_it(self, player, whole) -> None:
        film = await whole()
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 200, path
        await film.change(visibility="private")
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 404, path

    async def test_a_suspended_viewer_is_cut_off(self, player, whole, bearer, database, clock) -> None:
        """At his next playlist, segment or caption, also where it is remembered."""
        film = await whole(visibility="private")
        headers = bearer(film.owner_id)
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}", headers=headers)).status_code == 200, path
        async with database.connection() as db:
            await execute(db, SUSPEND, (film.owner_id,))
        clock.offset += 1
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}", headers=headers)).status_code == 401, path

    async def test_a_suspended_owners_film_is_for_nobody_but_administrators(
        self, player, whole, bearer, database, clock
    ) -> None:
        """In the middle of it, for whoever watches."""
        film = await whole()
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 200, path
        async with database.connection() as db:
            await execute(db, SUSPEND, (film.owner_id,))
        clock.offset += 1
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 404, path
            administrator = await player.get(f"{film.url}/{path}", headers=bearer(role="ADMIN"))
            assert administrator.status_code == 200, path

    async def test_for_one_second_it_may_be_what_it_was(self, player, whole, clock) -> None:
        film = await whole()
        await player.get(film.cell_url(0))
        await film.change(visibility="private")
        clock.offset -= 0.9
        assert (await player.get(film.cell_url(0))).status_code == 200
        clock.offset += 0.9
        assert (await player.get(film.cell_url(0))).status_code == 404

    async def test_a_refusal_is_not_remembered(self, player, whole, clock) -> None:
        film = await whole(visibility="private")
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 404, path
        await film.change(visibility="public")
        clock.offset -= 1
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}")).status_code == 200, path

    async def test_what_its_owner_may_see_is_not_shown_to_others(self, player, whole, bearer) -> None:
        film = await whole(visibility="private")
        for path in PATHS:
            assert (await player.get(f"{film.url}/{path}", headers=bearer(film.owner_id))).status_code == 200, path
            assert (await player.get(f"{film.url}/{path}", headers=bearer())).status_code == 404, path

    async def test_a_forged_token_is_refused(self, player, whole) -> None:
        film = await whole()
        for path in PATHS:
            answer = await player.get(f"{film.url}/{path}", headers={"Authorization": "Bearer e30.e30.x"})
            assert answer.status_code == 401, path

    async def test_errors_can_be_read_by_any_site_and_are_not_kept(self, player) -> None:
        for path in PATHS:
            answer = await player.get(f"/playback/{uuid4()}/{path}")
            assert answer.headers["access-control-allow-origin"] == "*", path
            assert answer.headers["cache-control"] == "no-store", path

    async def test_what_is_no_id_is_refused(self, player) -> None:
        for path in PATHS:
            assert (await player.get(f"/playback/none/{path}")).status_code == 422, path


class TestPermission:
    """What a cache in front of the API asks before it hands out a segment."""

    async def test_says_who_may_keep_what_is_played(self, player, make_film, bearer) -> None:
        for visibility, kept in [("public", "public, max-age=5"), ("private", "private, no-cache")]:
            film = await make_film(visibility=visibility)
            answer = await player.get(f"{film.url}/allowed", headers=bearer(film.owner_id))
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers["cache-control"] == kept

    async def test_is_refused_as_playback_is(self, player, make_film, bearer) -> None:
        film, unready = await make_film(visibility="private"), await make_film(status="PROCESSING")
        for headers in ({}, bearer()):
            assert (await player.get(f"{film.url}/allowed", headers=headers)).status_code == 404
        assert (await player.get(f"/playback/{uuid4()}/allowed")).status_code == 404
        assert (await player.get(f"{unready.url}/allowed")).status_code == 409


@pytest.mark.parametrize(("status", "failure"), [("PROCESSING", None), ("FAILED", "not_a_video")])
class TestNotPlayable:
    async def test_who_may_see_it_is_told_that_it_cannot_be_played(self, player, make_film, status, failure) -> None:
        film = await make_film(status=status, failure=failure)
        for path in PLAYABLE:
            answer = await player.get(f"{film.url}/{path}")
            assert answer.status_code == 409, path
            assert answer.json()["code"] == "video_not_playable", path

    async def test_others_learn_nothing(self, player, make_film, status, failure) -> None:
        film = await make_film(status=status, failure=failure, visibility="private")
        for path in PLAYABLE:
            assert (await player.get(f"{film.url}/{path}")).status_code == 404, path
