"""Whom a video is shared with, and its password."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
from tests.integration.conftest import PASSWORD, Person, problem

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.common.http.authentication import Caller
from matinee.modules.sharing.repository import MOST_VIEWERS
from matinee.modules.tokens.errors import TooManyKeys

VIDEOS = "/api/v1/videos"
SIGNING_KEYS = "/api/v1/signing-keys"
PROOF = {"password": PASSWORD}


async def column(services: Services, video_id: str, name: str) -> Any:
    async with services.database.connection() as db:
        return await fetch_value(db, f"SELECT {name} FROM videos WHERE id = %s", (video_id,))  # type: ignore[arg-type]


class TestSharing:
    async def test_whom_it_is_shared_with_sees_it_and_no_longer_when_it_is_not(
        self, ada: Person, bob: Person
    ) -> None:
        """By his address, however it is spelt; he changes nothing, and does not see who else may."""
        video_id = (await ada.init())["video"]["id"]
        viewers = f"{VIDEOS}/{video_id}/viewers"
        shared = await ada.post(viewers, {"email": bob.email.upper()})
        assert (shared.status_code, shared.json()) == (201, {"id": bob.id, "name": "Bob"})
        assert (await ada.get(viewers)).json() == {"items": [{"id": bob.id, "name": "Bob"}]}
        assert (await bob.get(f"{VIDEOS}/{video_id}")).status_code == 200
        problem(await bob.patch(f"{VIDEOS}/{video_id}", {"title": "Mine"}), 404, "video_not_found")
        problem(await bob.get(viewers), 404, "video_not_found")
        assert (await ada.delete(f"{viewers}/{bob.id}")).status_code == 204
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 404, "video_not_found")
        problem(await ada.delete(f"{viewers}/{bob.id}"), 404, "no_such_viewer")

    async def test_nobody_has_such_an_address(self, ada: Person) -> None:
        video_id = (await ada.init())["video"]["id"]
        for email in ("nobody@example.org", "no address"):
            problem(await ada.post(f"{VIDEOS}/{video_id}/viewers", {"email": email}), 404, "no_such_viewer")

    async def test_an_address_that_nobody_has_verified_is_nobodys(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """Where this server sends the letters that ask: whoever made the account may be somebody else."""
        viewers = f"{VIDEOS}/{(await ada.init())['video']['id']}/viewers"
        services.sharing._wants_verified = True
        problem(await ada.post(viewers, {"email": bob.email}), 404, "no_such_viewer")
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email_verified_at = now()")
        assert (await ada.post(viewers, {"email": bob.email})).status_code == 201

    async def test_many_at_once_are_no_more_than_there_may_be(
        self, ada: Person, bob: Person, services: Services
    ) -> None:
        """Sharing it twice takes no place."""
        video_id = (await ada.init())["video"]["id"]
        others = [uuid4() for _ in range(MOST_VIEWERS - 1)]
        async with services.database.connection() as db:
            await execute(db, "UPDATE videos SET viewers = %s WHERE id = %s", (others, video_id))
        share = [ada.post(f"{VIDEOS}/{video_id}/viewers", {"email": email}) for email in (bob.email, ada.email) * 3]
        answers = [answer.status_code for answer in await asyncio.gather(*share)]
        assert sorted(answers) == [201, 201, 201, 409, 409, 409]
        assert len(await column(services, video_id, "viewers")) == MOST_VIEWERS


class TestPassword:
    async def test_makes_the_video_one_for_whoever_knows_it(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Others hear that it wants one. Another visibility drops it."""
        video_id = (await ada.init())["video"]["id"]
        answer = await api.put(
            f"{VIDEOS}/{video_id}/password", json={"password": "winter garden"}, headers=ada.headers
        )
        assert answer.status_code == 204
        assert (await ada.get(f"{VIDEOS}/{video_id}")).json()["visibility"] == "password"
        problem(await bob.get(f"{VIDEOS}/{video_id}"), 403, "password_required")
        assert "winter" not in await column(services, video_id, "password_hash")
        assert (await ada.patch(f"{VIDEOS}/{video_id}", {"title": "Sea"})).json()["visibility"] == "password"
        assert (await ada.patch(f"{VIDEOS}/{video_id}", {"visibility": "private"})).status_code == 200
        assert await column(services, video_id, "password_hash") is None

    async def test_comes_with_the_visibility_and_not_without(self, ada: Person) -> None:
        """No video asks for a password that nobody knows."""
        video_id = (await ada.init())["video"]["id"]
        refused = await ada.patch(f"{VIDEOS}/{video_id}", {"visibility": "password"})
        problem(refused, 422, "validation_failed")


class TestSigningKeys:
    async def test_are_told_once_listed_and_deleted(self, ada: Person, bob: Person) -> None:
        """The private half stands in the first answer alone; nobody deletes another's."""
        made = (await ada.post(SIGNING_KEYS, {**PROOF, "name": "shop", "algorithm": "EdDSA"})).json()
        assert made["private_key"].startswith("-----BEGIN PRIVATE KEY-----")
        [listed] = (await ada.get(SIGNING_KEYS)).json()["items"]
        assert listed == {name: value for name, value in made.items() if name != "private_key"}
        removal = f"{SIGNING_KEYS}/{made['id']}/remove"
        problem(await bob.post(removal, PROOF), 404, "no_such_signing_key")
        assert (await ada.post(removal, PROOF)).status_code == 204
        assert (await ada.get(SIGNING_KEYS)).json()["items"] == []

    async def test_an_open_session_is_not_enough(self, ada: Person) -> None:
        """Whoever finds a device open makes no key that opens videos for ever, and takes none away."""
        made = (await ada.post(SIGNING_KEYS, {**PROOF, "name": "shop"})).json()
        removal = f"{SIGNING_KEYS}/{made['id']}/remove"
        problem(await ada.post(SIGNING_KEYS, {"name": "mine"}), 403, "proof_required")
        problem(await ada.post(SIGNING_KEYS, {"name": "mine", "password": "a guess"}), 403, "wrong_account_password")
        problem(await ada.post(removal), 403, "proof_required")
        problem(await ada.post(removal, {"password": "a guess"}), 403, "wrong_account_password")
        assert [key["id"] for key in (await ada.get(SIGNING_KEYS)).json()["items"]] == [made["id"]]

    async def test_many_at_once_are_no_more_than_there_may_be(self, ada: Person, services: Services) -> None:
        owner, database = UUID(ada.id), services.database

        async def make(number: int) -> bool:
            try:
                name = f"key {number}"
                await services.signing_keys.add_key(
                    database.transaction(), Caller(owner, "USER", None), owner, name, "EdDSA"
                )
            except TooManyKeys:
                return False
            return True

        assert sum(await asyncio.gather(*(make(number) for number in range(14)))) == 10
