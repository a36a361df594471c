"""Teams and their members."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, problem, remove_deleted
from tests.integration.modules.teams.staff import TEAMS, join, make_team, refresh, roles

from matinee.bootstrap import Services
from matinee.common.database import execute
from matinee.modules.accounts.repository import list_due
from matinee.modules.teams.rules import MOST_TEAMS

_FILL = """
WITH made AS (INSERT INTO users (kind, name) SELECT 'team', 'Filler' FROM generate_series(1, %s) RETURNING id)
INSERT INTO team_members (team_id, user_id, role) SELECT id, %s, 'viewer' FROM made
"""


class TestATeam:
    async def test_is_made_described_and_listed_with_ones_role(self, ada: Person, bob: Person) -> None:
        """Others hear that there is none."""
        team = await make_team(ada)
        changed = await ada.patch(f"{TEAMS}/{team}", {"description": "All that we film."})
        assert changed.json()["name"] == "Harbour Films"
        [listed] = (await ada.get(TEAMS)).json()["items"]
        assert listed == changed.json() == (await ada.get(f"{TEAMS}/{team}")).json()
        assert (listed["role"], listed["description"]) == ("owner", "All that we film.")
        assert (await bob.get(TEAMS)).json() == {"items": []}
        for answer in (
            await bob.get(f"{TEAMS}/{team}"),
            await bob.get(f"{TEAMS}/{ada.id}"),  # a person is no team
            await bob.delete(f"{TEAMS}/{team}"),
        ):
            problem(answer, 404, "team_not_found")

    async def test_cannot_sign_in(self, services: Services) -> None:
        """Nothing that one could sign in with can be stored for it."""
        for column in ("email", "password_hash"):
            with pytest.raises(asyncpg.CheckViolationError):
                async with services.database.connection() as db:
                    await execute(db, f"INSERT INTO users (kind, name, {column}) VALUES ('team', 'T', 'x')")  # type: ignore[arg-type]

    async def test_is_decided_about_by_its_owners_alone(self, ada: Person, bob: Person) -> None:
        team = await make_team(ada)
        await join(ada, team, bob)
        for answer in (
            await bob.patch(f"{TEAMS}/{team}", {"name": "Mine"}),
            await bob.delete(f"{TEAMS}/{team}"),
            await bob.delete(f"{TEAMS}/{team}/members/{ada.id}"),
            await bob.patch(f"{TEAMS}/{team}/members/{bob.id}", {"role": "owner"}),
            await bob.get(f"{TEAMS}/{team}/invitations"),
        ):
            problem(answer, 403, "team_role_needed")

    async def test_is_not_deleted_while_it_has_videos(self, ada: Person, services: Services) -> None:
        """What is left of deleted ones is removed all the same when the team is gone."""
        team = await make_team(ada)
        video_id = (await ada.init(owner=team))["video"]["id"]
        problem(await ada.delete(f"{TEAMS}/{team}"), 409, "team_has_videos")
        assert (await ada.delete(f"/api/v1/videos/{video_id}")).status_code == 204
        assert (await ada.delete(f"{TEAMS}/{team}")).status_code == 204
        problem(await ada.get(f"{TEAMS}/{team}"), 404, "team_not_found")
        assert await remove_deleted(services) == [video_id]

    async def test_that_is_deleted_is_nobody_s_at_once_and_erased_as_any_account(
        self, ada: Person, bob: Person, sign_up: SignUp, services: Services, clock: Clock
    ) -> None:
        """However many follow it: that takes a job its time, and none of its members' accounts waits for it."""
        admin, team = await sign_up(role="ADMIN"), await make_team(ada)
        await refresh(ada)
        assert (await bob.client.put(f"/api/v1/channels/{team}/subscription", headers=bob.headers)).is_success
        await ada.post("/api/v1/playlists", {"title": "Ours", "owner": team})
        assert (await ada.delete(f"{TEAMS}/{team}")).status_code == 204
        clock.offset += 2
        problem(await ada.get(TEAMS), 401, "invalid_token")  # it says that she belongs to it
        await refresh(ada)
        assert (await ada.get(TEAMS)).json() == {"items": []}
        problem(await admin.get(f"{TEAMS}/{team}"), 404, "team_not_found")
        problem(await bob.get(f"/api/v1/channels/{team}"), 404, "channel_not_found")
        async with services.database.connection() as db:
            assert await list_due(db) == [UUID(team)]
        assert (await ada.post("/api/v1/user/deletion", {"password": PASSWORD})).status_code == 200

    async def test_one_belongs_to_fifty_at_most_however_many_are_made_at_once(
        self, ada: Person, services: Services
    ) -> None:
        """Refreshing still works with all of them in the token."""
        async with services.database.connection() as db:
            await execute(db, _FILL, (MOST_TEAMS - 1, ada.id))
        answers = await asyncio.gather(*(ada.post(TEAMS, {"name": "Another"}) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
        await refresh(ada)
        assert len((await ada.get(TEAMS)).json()["items"]) == MOST_TEAMS
        assert len(services.tokens.verify(ada.tokens["access_token"]).teams) == MOST_TEAMS
        assert len(ada.headers["Authorization"]) < 5000


class TestMembers:
    async def test_are_listed_by_pages_and_given_other_roles(self, ada: Person, bob: Person, sign_up: SignUp) -> None:
        team, carol = await make_team(ada), await sign_up(name="Carol")
        await join(ada, team, bob, "viewer")
        await join(ada, team, carol, "viewer")
        first = (await bob.get(f"{TEAMS}/{team}/members?limit=2")).json()
        assert [member["name"] for member in first["items"]] == ["Carol", "Bob"]
        rest = (await bob.get(f"{TEAMS}/{team}/members?limit=2&cursor={first['next_cursor']}")).json()
        assert [member["id"] for member in rest["items"]] == [ada.id]
        assert rest["next_cursor"] is None
        changed = await ada.patch(f"{TEAMS}/{team}/members/{bob.id}", {"role": "editor"})
        assert changed.json() == {**first["items"][1], "role": "editor"}
        problem(await ada.patch(f"{TEAMS}/{team}/members/{team}", {"role": "editor"}), 404, "no_such_member")
        problem(await ada.delete(f"{TEAMS}/{team}/members/{team}"), 404, "no_such_member")

    async def test_leave_and_are_removed(self, ada: Person, bob: Person, clock: Clock) -> None:
        """What the team was to them is as if it were not, at once where it is decided about."""
        team = await make_team(ada)
        await join(ada, team, bob, "viewer")
        assert (await bob.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204
        await refresh(bob)
        problem(await bob.get(f"{TEAMS}/{team}"), 404, "team_not_found")
        problem(await bob.delete(f"{TEAMS}/{team}/members/{bob.id}"), 404, "team_not_found")
        await join(ada, team, bob, "owner")
        clock.offset += 1
        assert (await bob.delete(f"{TEAMS}/{team}/members/{ada.id}")).status_code == 204
        await refresh(ada)
        problem(await ada.get(f"{TEAMS}/{team}"), 404, "team_not_found")

    async def test_the_last_owner_stays_one(self, ada: Person, bob: Person) -> None:
        team = await make_team(ada)
        await join(ada, team, bob)
        problem(await ada.delete(f"{TEAMS}/{team}/members/{ada.id}"), 409, "last_owner")
        problem(await ada.patch(f"{TEAMS}/{team}/members/{ada.id}", {"role": "editor"}), 409, "last_owner")
        assert (await ada.patch(f"{TEAMS}/{team}/members/{ada.id}", {"role": "owner"})).status_code == 200

    async def test_an_owner_who_is_shut_out_is_none_to_leave_it_to(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """He can be removed like anybody else."""
        team = await make_team(ada)
        await join(ada, team, bob, "owner")
        async with services.database.connection() as db:
            await execute(
                db, "UPDATE users SET suspended_at = now(), suspended_why = 'Spam.' WHERE id = %s", (bob.id,)
            )
        problem(await ada.delete(f"{TEAMS}/{team}/members/{ada.id}"), 409, "last_owner")
        problem(await ada.patch(f"{TEAMS}/{team}/members/{ada.id}", {"role": "editor"}), 409, "last_owner")
        problem(await ada.post("/api/v1/user/deletion", {"password": PASSWORD}), 409, "last_owner")
        assert (await ada.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204

    @pytest.mark.parametrize("leave", [True, False], ids=["leaving", "demoted"])
    async def test_of_two_owners_who_go_at_once_one_stays(self, ada: Person, bob: Person, leave: bool) -> None:
        """Whoever is second sees what the first has done."""
        team = await make_team(ada)
        await join(ada, team, bob, "owner")

        async def go(person: Person) -> int:
            path = f"{TEAMS}/{team}/members/{person.id}"
            answer = await (person.delete(path) if leave else person.patch(path, {"role": "viewer"}))
            return answer.status_code

        assert sorted(await asyncio.gather(go(ada), go(bob))) == [204 if leave else 200, 409]

    async def test_the_account_of_the_last_owner_is_not_deleted(self, ada: Person, bob: Person) -> None:
        team = await make_team(ada)
        await join(ada, team, bob)
        path = "/api/v1/user/deletion"
        problem(await ada.post(path, {"password": PASSWORD}), 409, "last_owner")
        await ada.patch(f"{TEAMS}/{team}/members/{bob.id}", {"role": "owner"})
        assert (await ada.post(path, {"password": PASSWORD})).status_code < 300
        await refresh(bob)
        problem(await bob.post(path, {"password": PASSWORD}), 409, "last_owner")

    async def test_an_administrator_can_help_a_team(self, ada: Person, bob: Person, sign_up: SignUp) -> None:
        """Also one to which he does not belong."""
        admin, team = await sign_up(role="ADMIN"), await make_team(ada)
        await join(ada, team, bob)
        assert (await admin.get(f"{TEAMS}/{team}")).json()["role"] is None
        assert (await admin.patch(f"{TEAMS}/{team}/members/{bob.id}", {"role": "owner"})).status_code == 200
        assert await roles(admin, team) == {ada.id: "owner", bob.id: "owner"}
