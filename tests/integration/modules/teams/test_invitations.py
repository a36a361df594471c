"""Who is asked to join a team, and joins it."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, client_of, problem
from tests.integration.modules.teams.staff import TEAMS, invite, join, make_team, roles

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.jobs import JobRun
from matinee.common.storage.s3 import S3Storage
from matinee.modules.teams.invitation_repository import MOST_INVITATIONS, delete_expired_team_invitations

RECEIVED = "/api/v1/invitations"
_FILL = """
INSERT INTO team_invitations (team_id, email, role, token_hash, expires_at)
SELECT %s, n || '@example.org', 'viewer', decode(lpad(to_hex(n), 8, '0'), 'hex'), now() + interval '1 day'
FROM generate_series(1, %s) AS n
"""


class TestAnInvitation:
    async def test_shows_what_it_is_for_and_is_accepted_once(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        team = await make_team(ada)
        token = await invite(ada, team, bob.email.upper(), "viewer")
        shown = (await bob.client.post(f"{RECEIVED}/show", json={"token": token})).json()
        assert (shown["team"], shown["invited_by"], shown["role"]) == ("Harbour Films", "Ada", "viewer")
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT encode(token_hash, 'escape') FROM team_invitations")
        assert token not in stored
        answers = await asyncio.gather(*(bob.post(f"{RECEIVED}/accept", {"token": token}) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 404, 404]
        assert await roles(ada, team) == {ada.id: "owner", bob.id: "viewer"}
        problem(await bob.post(f"{RECEIVED}/show", {"token": token}), 404, "team_invitation_not_found")
        problem(
            await ada.post(f"{TEAMS}/{team}/invitations", {"email": bob.email, "role": "owner"}),
            409,
            "already_member",
        )

    async def test_is_for_one_address_alone(self, ada: Person, bob: Person) -> None:
        """Whoever else has found the link does not come in by it, and does not use it up."""
        team = await make_team(ada)
        token = await invite(ada, team, "grace@example.org")
        problem(await bob.post(f"{RECEIVED}/accept", {"token": token}), 403, "invited_by_another_address")
        assert (await bob.post(f"{RECEIVED}/show", {"token": token})).status_code == 200

    async def test_waits_for_its_account(self, ada: Person, api: httpx.AsyncClient) -> None:
        """Whoever is invited registers when he has read it."""
        team = await make_team(ada)
        token = await invite(ada, team, "grace@example.org")
        account = {"email": "grace@example.org", "password": PASSWORD}
        await api.post("/api/v1/auth/register", json={**account, "name": "Grace"})
        grace = Person(api, account["email"], (await api.post("/api/v1/auth/login", json=account)).json())
        assert (await grace.post(f"{RECEIVED}/accept", {"token": token})).json()["role"] == "editor"

    async def test_is_declined_without_an_account(self, ada: Person, api: httpx.AsyncClient) -> None:
        team = await make_team(ada)
        token = await invite(ada, team, "grace@example.org")
        assert (await api.post(f"{RECEIVED}/decline", json={"token": token})).status_code == 204
        problem(await api.post(f"{RECEIVED}/decline", json={"token": token}), 404, "team_invitation_not_found")
        assert (await ada.get(f"{TEAMS}/{team}/invitations")).json() == {"items": []}

    async def test_is_worth_nothing_when_another_was_sent_or_it_was_revoked_or_is_old(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        team = await make_team(ada)
        sent = f"{TEAMS}/{team}/invitations"
        first = await invite(ada, team, bob.email, "viewer")
        second = await invite(ada, team, bob.email)
        [listed] = (await ada.get(sent)).json()["items"]
        assert (listed["email"], listed["role"]) == (bob.email, "editor")
        again = (await ada.post(f"{sent}/{listed['id']}/resend")).json()
        third = again["link"].partition("#")[2]
        for token in (first, second, "no token"):
            problem(await bob.post(f"{RECEIVED}/accept", {"token": token}), 404, "team_invitation_not_found")
        async with services.database.connection() as db:
            await execute(db, "UPDATE team_invitations SET expires_at = now() - interval '1 second'")
            problem(await bob.post(f"{RECEIVED}/accept", {"token": third}), 404, "team_invitation_not_found")
            assert await delete_expired_team_invitations(db, 10) == 1
        problem(await ada.post(f"{sent}/{listed['id']}/resend"), 404, "team_invitation_not_found")
        token = await invite(ada, team, bob.email)
        [listed] = (await ada.get(sent)).json()["items"]
        assert (await ada.delete(f"{sent}/{listed['id']}")).status_code == 204
        problem(await ada.delete(f"{sent}/{listed['id']}"), 404, "team_invitation_not_found")
        problem(await bob.post(f"{RECEIVED}/accept", {"token": token}), 404, "team_invitation_not_found")

    async def test_goes_with_whoever_has_sent_it_and_with_its_team(
        self, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """An owner who was removed keeps no way back in."""
        carol, team = await sign_up(name="Carol"), await make_team(ada)
        await join(ada, team, bob, "owner")
        tokens = [await invite(bob, team, carol.email, "owner")]
        assert (await ada.delete(f"{TEAMS}/{team}/members/{bob.id}")).status_code == 204
        problem(await carol.post(f"{RECEIVED}/accept", {"token": tokens[0]}), 404, "team_invitation_not_found")
        token = await invite(ada, team, carol.email)
        assert (await ada.delete(f"{TEAMS}/{team}")).status_code == 204
        problem(await carol.post(f"{RECEIVED}/accept", {"token": token}), 404, "team_invitation_not_found")

    async def test_of_who_is_shut_out_it_brings_nobody_in(self, ada: Person, bob: Person, services: Services) -> None:
        """Until he is let in again."""
        token = await invite(ada, await make_team(ada), bob.email, "owner")
        shut = "UPDATE users SET suspended_at = CASE WHEN %s THEN now() END, suspended_why = %s WHERE id = %s"
        async with services.database.connection() as db:
            await execute(db, shut, (True, "Spam.", ada.id))
            for path in ("show", "accept"):
                answer = await bob.post(f"{RECEIVED}/{path}", {"token": token})
                problem(answer, 404, "team_invitation_not_found")
            await execute(db, shut, (False, None, ada.id))
        assert (await bob.post(f"{RECEIVED}/accept", {"token": token})).status_code == 200

    async def test_many_are_refused(self, ada: Person, services: Services) -> None:
        team = await make_team(ada)
        async with services.database.connection() as db:
            await execute(db, _FILL, (team, MOST_INVITATIONS))
        answer = await ada.post(f"{TEAMS}/{team}/invitations", {"email": "grace@example.org", "role": "viewer"})
        problem(answer, 409, "too_many_invitations")


@pytest.fixture
async def posting(
    settings: Settings, storage: S3Storage, tmp_path: Path, password_cost: None
) -> AsyncIterator[Services]:
    """Services that put letters into a folder."""
    async with open_services(msgspec.structs.replace(settings, mail_folder=tmp_path), storage=storage) as services:
        yield services


async def test_the_link_is_mailed_and_told_to_nobody_else(ada: Person, posting: Services, tmp_path: Path) -> None:
    """Where the server sends mail, whoever has the token has read it."""
    team = await make_team(ada)
    async with client_of(create_app(posting)) as client:
        body = {"email": "grace@example.org", "role": "editor"}
        answer = await client.post(f"{TEAMS}/{team}/invitations", json=body, headers=ada.headers)
        assert (answer.status_code, answer.json()["link"]) == (201, None)
        async with posting.database.connection() as db:
            sealed = await fetch_value(
                db, "SELECT args ->> 'sealed' FROM procrastinate_jobs WHERE task_name = 'mail.send'"
            )
        await posting.post.deliver(JobRun(1, 1, 1), sealed)
        [letter] = [path.read_text() for path in tmp_path.glob("*.eml")]
        assert "Subject: You are invited to a team" in letter
        for chosen in ("Ada", "Harbour Films"):
            assert chosen not in letter, "whoever chose it could write anything to anybody"
        found = re.search(r"/join#([\w-]+)\s", letter)
        assert found is not None
        shown = await client.post(f"{RECEIVED}/show", json={"token": found[1]})
        assert shown.json()["email"] == "grace@example.org"
        again = [await client.post(f"{TEAMS}/{team}/invitations", json=body, headers=ada.headers) for _ in range(5)]
        assert [answer.status_code for answer in again] == [201] * 4 + [429]
