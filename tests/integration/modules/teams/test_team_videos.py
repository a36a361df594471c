"""Videos that belong to a team: who may what, by which credentials, and for how long."""

import asyncio
import base64
from typing import Any, LiteralString
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, new_video, problem
from tests.integration.modules.teams.staff import TEAMS, join, make_team, refresh
from tests.unit.media.plans import plan, sound

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.common.http.authentication import Caller
from matinee.modules.api_keys.verification import REMEMBERED_SECONDS
from matinee.modules.teams.errors import TeamNotFound

VIDEOS = "/api/v1/videos"
SIGNING_KEYS = "/api/v1/signing-keys"
PROOF = {"password": PASSWORD}
PLAN = msgspec.json.encode(plan(60, audio=sound())).decode()
_PLAYABLE = """
UPDATE videos SET status = 'READY', plan = %s::text::jsonb, duration = 60, ready_at = now() WHERE id = %s
"""
_ADD_CLIP = """
INSERT INTO videos (owner_id, title, visibility, status, filename, filesize, filetype, part_size, duration, source_id,
    plan, deleted_at)
SELECT owner_id, 'Clip', 'private', 'READY', filename, filesize, filetype, part_size, 30, id, plan, %s
FROM videos WHERE id = %s RETURNING id
"""
_ADD_REPLACEMENT = """
INSERT INTO videos (owner_id, title, visibility, filename, filesize, filetype, part_size, source_id, replaces,
    source_revision, edition)
SELECT owner_id, 'New', 'private', filename, filesize, filetype, part_size, id, id, 9, 9 FROM videos WHERE id = %s
RETURNING id
"""


@pytest.fixture
async def team(ada: Person) -> str:
    """Ada's team."""
    return await make_team(ada)


async def owners(services: Services, *videos: str) -> list[str]:
    async with services.database.connection() as db:
        return [str(await fetch_value(db, "SELECT owner_id FROM videos WHERE id = %s", (video,))) for video in videos]


async def playable(services: Services, person: Person, **fields: Any) -> str:
    """A video that can be played, as far as the API is concerned."""
    video_id = str((await person.init(**fields))["video"]["id"])
    async with services.database.connection() as db:
        await execute(db, _PLAYABLE, (PLAN, video_id))
    return video_id


async def made_of(services: Services, statement: str, *params: Any) -> str:
    async with services.database.connection() as db:
        return str(await fetch_value(db, statement, params))  # type: ignore[arg-type]


async def limit(services: Services, account: str, **quota: int) -> None:
    async with services.database.connection() as db:
        await execute(
            db,
            "UPDATE users SET quota_bytes = %s, quota_minutes = %s WHERE id = %s",
            (quota.get("bytes"), quota.get("minutes"), account),
        )


def owned_by(team: str) -> dict[str, str]:
    """What a tus client says."""
    return {"Upload-Metadata": f"owner {base64.b64encode(team.encode()).decode()}"}


def transfer(person: Person, video_id: str, owner: str | None) -> Any:
    return person.post(f"{VIDEOS}/{video_id}/transfer", {"owner": owner})


class TestMembers:
    async def test_see_change_and_decide_by_their_roles(
        self, ada: Person, bob: Person, sign_up: SignUp, team: str
    ) -> None:
        """An editor does what an owner of a video does; a viewer sees it; others hear that there is none."""
        carol, stranger = await sign_up(name="Carol"), await sign_up()
        await join(ada, team, bob)
        await join(ada, team, carol, "viewer")
        video = (await bob.init(owner=team))["video"]
        path = f"{VIDEOS}/{video['id']}"
        assert video["owner"] == {"id": team, "name": "Harbour Films", "handle": None, "avatar": None}
        assert (await ada.patch(path, {"title": "Ours"})).status_code == 200
        assert (await ada.get(path)).json()["filename"] == "sea.mp4"
        assert (await carol.get(path)).json()["filename"] is None
        problem(await carol.patch(path, {"title": "Mine"}), 404, "video_not_found")
        problem(await stranger.get(path), 404, "video_not_found")
        for person in (ada, bob, carol):
            listed = (await person.get(f"{VIDEOS}/mine?owner={team}")).json()["items"]
            assert [item["id"] for item in listed] == [video["id"]]
            assert (await person.get(f"{VIDEOS}/mine")).json()["items"] == []
        problem(await stranger.get(f"{VIDEOS}/mine?owner={team}"), 404, "team_not_found")
        assert (await bob.delete(path)).status_code == 204

    async def test_uploading_is_for_editors(
        self, ada: Person, bob: Person, sign_up: SignUp, team: str, api: httpx.AsyncClient
    ) -> None:
        """However it is announced."""
        carol, stranger = await sign_up(name="Carol"), await sign_up()
        await join(ada, team, bob)
        await join(ada, team, carol, "viewer")
        metadata = (
            f"filename {base64.b64encode(b'sea.mp4').decode()},owner {base64.b64encode(team.encode()).decode()}"
        )
        tus = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": metadata}

        async def announce(person: Person) -> list[httpx.Response]:
            return [
                await person.post(f"{VIDEOS}/init", new_video(owner=team)),
                await person.post(f"{VIDEOS}/import", {"url": "https://films.example.org/sea.mp4", "owner": team}),
                await api.post("/api/v1/uploads", headers={**person.headers, **tus}),
            ]

        for answer in await announce(bob):
            assert answer.status_code == 201, answer.text
        for answer in await announce(carol):
            problem(answer, 403, "team_role_needed")
        for answer in await announce(stranger):
            problem(answer, 404, "team_not_found")
        assert (await carol.get(f"/api/v1/user/usage?owner={team}")).json()["videos"] == 3
        assert (await bob.get("/api/v1/user/usage")).json()["videos"] == 0

    async def test_fragments_by_tus_are_joined_for_the_team(
        self, ada: Person, bob: Person, team: str, api: httpx.AsyncClient
    ) -> None:
        """By another editor as well; what is the team's is not joined for oneself."""
        await join(ada, team, bob)
        partial = {
            "Tus-Resumable": "1.0.0",
            "Upload-Concat": "partial",
            "Upload-Length": "3",
            "Content-Type": "application/offset+octet-stream",
        }
        headers = {**ada.headers, **owned_by(team), **partial}
        made = await api.post("/api/v1/uploads", headers=headers, content=b"abc")
        assert made.status_code == 201, made.text
        final = {"Upload-Concat": f"final;{made.headers['location']}", "Tus-Resumable": "1.0.0"}
        problem(await api.post("/api/v1/uploads", headers={**bob.headers, **final}), 409, "fragments_unfinished")
        joined = await api.post("/api/v1/uploads", headers={**bob.headers, **final, **owned_by(team)})
        assert (joined.status_code, joined.json()["owner"]["id"]) == (201, team)

    async def test_fill_the_quota_of_the_team(self, ada: Person, bob: Person, team: str, services: Services) -> None:
        """Of many at once no more than fit, whoever's they are."""
        await join(ada, team, bob)
        await limit(services, team, bytes=2500)
        announced = [person.post(f"{VIDEOS}/init", new_video(owner=team)) for person in (ada, bob) * 3]
        assert sorted(answer.status_code for answer in await asyncio.gather(*announced)) == [201] * 2 + [403] * 4
        assert (await ada.post(f"{VIDEOS}/init", new_video())).status_code == 201


class TestFormerMembers:
    async def test_are_cut_off_within_a_second_and_stay_signed_in(
        self, ada: Person, bob: Person, team: str, clock: Clock
    ) -> None:
        """Their tokens are refused once, and refreshed."""
        await join(ada, team, bob)
        video_id = (await ada.init(owner=team))["video"]["id"]
        assert (await ada.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204
        clock.offset += 1
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 401, "invalid_token")
        await refresh(bob)
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 404, "video_not_found")
        problem(await bob.post(f"{VIDEOS}/init", new_video(owner=team)), 404, "team_not_found")

    async def test_those_of_another_role_act_by_it_within_a_second(
        self, ada: Person, bob: Person, team: str, clock: Clock
    ) -> None:
        """Nothing that lasts is made by the former one. Who has refreshed before hears nothing of it."""
        await join(ada, team, bob, "owner")
        assert (await ada.patch(f"{TEAMS}/{team}/members/{bob.id}", {"role": "viewer"})).status_code == 200
        clock.offset += 1
        problem(await bob.post(SIGNING_KEYS, {**PROOF, "name": "mine", "owner": team}), 401, "invalid_token")
        await refresh(bob)
        problem(await bob.post(SIGNING_KEYS, {**PROOF, "name": "mine", "owner": team}), 403, "team_role_needed")
        assert (await ada.get(f"{VIDEOS}/mine?owner={team}")).status_code == 200

    async def test_their_api_keys_are_at_once(
        self, ada: Person, bob: Person, team: str, services: Services, clock: Clock
    ) -> None:
        """Where "at once" is as long as a revoked key works: seconds."""
        body = {"password": PASSWORD, "name": "Import", "scopes": ["videos:read", "videos:write"]}
        secret = (await bob.post("/api/v1/api-keys", body)).json()["secret"]
        await join(ada, team, bob)
        video_id = await playable(services, ada, owner=team)
        by_key = {"Authorization": f"Bearer {secret}"}
        path = f"{VIDEOS}/{video_id}"
        assert (await bob.client.patch(path, json={"title": "Ours"}, headers=by_key)).status_code == 200
        assert (await ada.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204
        clock.offset += REMEMBERED_SECONDS
        problem(await bob.client.get(path, headers=by_key), 404, "video_not_found")

    async def test_their_playback_tokens_are_too(
        self, ada: Person, bob: Person, team: str, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The token says that he belonged to the team; whether he still does is asked."""
        await join(ada, team, bob, "viewer")
        video_id = await playable(services, ada, owner=team)
        made = (await bob.post(f"{VIDEOS}/{video_id}/playback-tokens", {})).json()
        master = made["playback"]["hls"]
        assert (await bob.client.get(master)).status_code == 200
        assert services.grants.known(made["token"]) is not None
        assert (await ada.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204
        roles = services.grants._memberships._roles
        later = roles.now() + 5.0
        monkeypatch.setattr(roles, "_clock", lambda: later)
        assert services.grants.known(made["token"]) is None
        problem(await bob.client.get(master), 404, "video_not_found")


class TestASuspendedTeam:
    async def test_is_nothing_to_its_members_until_that_is_lifted(
        self, ada: Person, bob: Person, sign_up: SignUp, team: str, services: Services, clock: Clock
    ) -> None:
        """Its videos are served to nobody but administrators; what is the members' own stays theirs."""
        admin = await sign_up(role="ADMIN")
        await join(ada, team, bob)
        ours, own = await playable(services, bob, owner=team), await playable(services, bob)
        path, suspension = f"{VIDEOS}/{ours}", f"/api/v1/users/{team}/suspension"
        suspended = await bob.client.put(suspension, json={"reason": "Spam."}, headers=admin.headers)
        assert (suspended.status_code, suspended.json()["kind"]) == (200, "team")
        assert [row["id"] for row in (await admin.get("/api/v1/users?kind=team")).json()["items"]] == [team]
        clock.offset += 1
        problem(await bob.patch(path, {"title": "Ours"}), 401, "invalid_token")
        await refresh(bob)
        await refresh(ada)
        problem(await bob.patch(path, {"title": "Ours"}), 404, "video_not_found")
        problem(await transfer(bob, own, team), 404, "team_not_found")
        problem(await ada.delete(f"{TEAMS}/{team}/members/{bob.id}"), 404, "team_not_found")
        assert (await bob.get(f"{VIDEOS}/{own}")).status_code == 200
        assert (await admin.get(path)).status_code == 200
        assert (await admin.delete(suspension)).status_code == 200
        clock.offset += 1
        await refresh(bob)
        assert (await bob.patch(path, {"title": "Ours"})).status_code == 200

    @pytest.mark.parametrize(
        "gone",
        ["UPDATE users SET closed_at = now(), erase_at = now() WHERE id = %s", "DELETE FROM users WHERE id = %s"],
    )
    async def test_that_is_deleted_gets_no_video(
        self, ada: Person, team: str, services: Services, gone: LiteralString
    ) -> None:
        """Also from who has a token of before: it would go with the team."""
        owner = Caller(UUID(ada.id), "USER", None, teams={UUID(team): "owner"})
        video_id = UUID(await playable(services, ada))
        async with services.database.transaction() as db:
            await execute(db, gone, (team,))
            with pytest.raises(TeamNotFound):
                await services.transfers.transfer(db, owner, video_id, UUID(team))

    async def test_is_no_account_to_close_or_to_give_a_role(self, sign_up: SignUp, team: str) -> None:
        admin, path = await sign_up(role="ADMIN"), f"/api/v1/users/{team}"
        closing = await admin.client.put(f"{path}/deletion", json=PROOF, headers=admin.headers)
        problem(closing, 404, "user_not_found")
        problem(await admin.patch(path, {**PROOF, "role": "ADMIN"}), 404, "user_not_found")


class TestSigningKeys:
    async def test_of_a_team_are_its_owners_and_open_its_videos_alone(
        self, ada: Person, bob: Person, team: str
    ) -> None:
        await join(ada, team, bob)
        made = (await ada.post(SIGNING_KEYS, {**PROOF, "name": "shop", "owner": team})).json()
        assert (await ada.get(SIGNING_KEYS)).json() == {"items": []}
        listed = (await ada.get(f"{SIGNING_KEYS}?owner={team}")).json()["items"]
        assert [(key["id"], key["made_by"]) for key in listed] == [(made["id"], ada.id)]
        problem(await bob.get(f"{SIGNING_KEYS}?owner={team}"), 403, "team_role_needed")
        problem(await bob.post(SIGNING_KEYS, {**PROOF, "name": "shop", "owner": team}), 403, "team_role_needed")
        removal = f"{SIGNING_KEYS}/{made['id']}/remove"
        problem(await ada.post(removal, PROOF), 404, "no_such_signing_key")
        problem(await bob.post(f"{removal}?owner={team}", PROOF), 403, "team_role_needed")
        assert (await ada.post(f"{removal}?owner={team}", PROOF)).status_code == 204


class TestTransfer:
    async def test_gives_a_video_to_a_team_and_back(
        self, ada: Person, bob: Person, team: str, services: Services
    ) -> None:
        """Twice is as good as once. What it counts for goes with it."""
        await join(ada, team, bob)
        video_id = await playable(services, ada)
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 404, "video_not_found")
        for _ in range(2):
            answer = await transfer(ada, video_id, team)
            assert (answer.status_code, answer.json()["owner"]["id"]) == (200, team)
        assert (await ada.get("/api/v1/user/usage")).json()["bytes"] == 0
        problem(await transfer(bob, video_id, None), 403, "team_role_needed")  # an editor keeps it for the team
        assert (await transfer(ada, video_id, None)).json()["owner"]["id"] == ada.id
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 404, "video_not_found")

    async def test_takes_all_along_that_is_made_of_the_file(self, ada: Person, team: str, services: Services) -> None:
        """Clips, deleted or not, and what is to take a place: from whichever of them it begins."""
        film = await playable(services, ada)
        clip = await made_of(services, _ADD_CLIP, None, film)
        replacement = await made_of(services, _ADD_REPLACEMENT, clip)
        other = await playable(services, ada)
        assert (await transfer(ada, clip, team)).status_code == 200
        assert await owners(services, film, clip, replacement, other) == [team, team, team, ada.id]
        problem(await transfer(ada, replacement, None), 409, "not_transferable")
        assert (await transfer(ada, film, None)).status_code == 200
        assert await owners(services, film, clip, replacement) == [ada.id] * 3

    async def test_is_for_who_may_change_the_video_and_upload_to_its_new_owner(
        self, ada: Person, bob: Person, team: str, services: Services
    ) -> None:
        await join(ada, team, bob, "viewer")
        theirs, ours = await playable(services, bob), await playable(services, ada, owner=team)
        problem(await transfer(bob, theirs, team), 403, "team_role_needed")
        problem(await transfer(bob, ours, None), 404, "video_not_found")
        problem(await transfer(ada, theirs, team), 404, "video_not_found")
        problem(await transfer(bob, theirs, ada.id), 404, "team_not_found")

    async def test_must_fit_in_the_quota_of_who_gets_it(self, ada: Person, team: str, services: Services) -> None:
        """Of two at once the second is counted with the first, and stays whose it was."""
        videos = [await playable(services, ada) for _ in range(2)]
        await limit(services, team, bytes=1500)
        answers = await asyncio.gather(*(transfer(ada, video_id, team) for video_id in videos))
        assert sorted(answer.status_code for answer in answers) == [200, 403]
        assert sorted(await owners(services, *videos)) == sorted([ada.id, team])
        await limit(services, team, minutes=1)
        [left] = [
            video for video, owner in zip(videos, await owners(services, *videos), strict=True) if owner != team
        ]
        problem(await transfer(ada, left, team), 403, "quota_exceeded")

    async def test_waits_for_its_upload_and_for_nobody_who_was_first(
        self, ada: Person, team: str, services: Services
    ) -> None:
        uploading = (await ada.init())["video"]["id"]
        problem(await transfer(ada, uploading, team), 409, "not_transferable")
        other = await make_team(ada, "Another")
        video_id = await playable(services, ada)
        answers = await asyncio.gather(transfer(ada, video_id, team), transfer(ada, video_id, other))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert 200 in {answer.status_code for answer in answers}

    async def test_takes_no_one_elses_duplicate_along(self, ada: Person, team: str, services: Services) -> None:
        """What had the same file before is another account's then, and not named."""
        first, second = await playable(services, ada), await playable(services, ada)
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET duplicate_of = %s WHERE id = %s", (UUID(first), UUID(second)))
        assert (await ada.get(f"{VIDEOS}/{second}")).json()["duplicate_of"] == first
        assert (await transfer(ada, second, team)).json()["duplicate_of"] is None
