"""Registering passkeys, signing in with them, and everything that is refused."""

import asyncio
from typing import Any

import httpx
import pytest
from tests.integration.conftest import PASSWORD, Person, problem
from tests.integration.modules.passkeys.device import Device

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.modules.passkeys.repository import delete_expired_challenges

PATH = "/api/v1/auth/passkeys"
SIGN_IN = f"{PATH}/sign-in"
LOGIN = "/api/v1/auth/login"
FACTOR = "/api/v1/auth/second-factor"
PROOF = {"password": PASSWORD}


async def options_for_new(person: Person) -> dict[str, Any]:
    answer = await person.post(f"{PATH}/options", PROOF)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["public_key"])


async def register(person: Person, device: Device, name: str = "Laptop", **wrong: Any) -> httpx.Response:
    credential = device.create(await options_for_new(person), **wrong)
    return await person.post(PATH, {"name": name, "credential": credential})


async def options(client: httpx.AsyncClient, challenge: str | None = None) -> dict[str, Any]:
    answer = await client.post(f"{SIGN_IN}/options", json={"challenge": challenge})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["public_key"])


async def sign_in(client: httpx.AsyncClient, device: Device, **wrong: Any) -> httpx.Response:
    return await client.post(SIGN_IN, json={"credential": device.get(await options(client), **wrong)})


async def challenge_of(person: Person) -> dict[str, Any]:
    """Signs in as far as the password goes."""
    body = {"email": person.email, "password": PASSWORD, "device_name": "phone"}
    asked = problem(await person.client.post(LOGIN, json=body), 401, "second_factor_required")
    return dict(asked["second_factor"])


@pytest.fixture
async def device(ada: Person) -> Device:
    """Ada's."""
    device = Device()
    answer = await register(ada, device)
    assert answer.status_code == 201, answer.text
    return device


class TestRegistering:
    async def test_it_is_listed_and_gives_recovery_codes_the_first_time(self, ada: Person) -> None:
        """A second one changes them not."""
        first = (await register(ada, Device(), "Laptop")).json()
        second = (await register(ada, Device(), "Key")).json()
        assert len(first["recovery_codes"]["codes"]) == 10
        assert second["recovery_codes"] is None
        listed = (await ada.get(PATH)).json()["items"]
        assert [each["name"] for each in listed] == ["Laptop", "Key"]
        assert listed[0]["last_used_at"] is None
        assert (await ada.get(FACTOR)).json() == {"totp": False, "passkeys": 2, "recovery_codes": 10}

    async def test_options_want_one_that_needs_no_name_and_verifies_its_owner(self, ada: Person) -> None:
        """For the host of the public address; a device that has one makes no second."""
        device = Device()
        await register(ada, device)
        wanted = await options_for_new(ada)
        assert wanted["rp"]["id"] == "localhost"
        assert wanted["authenticatorSelection"]["residentKey"] == "required"
        assert wanted["authenticatorSelection"]["userVerification"] == "required"
        assert len(wanted["excludeCredentials"]) == 1

    async def test_an_open_session_is_not_enough(self, ada: Person) -> None:
        """Who found it open makes himself no door."""
        problem(await ada.post(f"{PATH}/options", {"password": "something else"}), 403, "wrong_account_password")
        problem(await ada.post(f"{PATH}/options"), 403, "proof_required")

    @pytest.mark.parametrize("wrong", [{"origin": "https://evil.example.org"}, {"verified": False}])
    async def test_what_is_not_for_here_is_refused(self, ada: Person, wrong: dict[str, Any]) -> None:
        """Of another page, or without finger, face and PIN."""
        problem(await register(ada, Device(), **wrong), 403, "passkey_refused")
        assert (await ada.get(PATH)).json()["items"] == []

    async def test_a_challenge_registers_once_and_for_its_owner(self, ada: Person, bob: Person) -> None:
        """Not for Bob, not twice, not after five minutes, and not in order to sign in."""
        wanted = await options_for_new(ada)
        stolen = {"name": "Laptop", "credential": Device().create(wanted)}
        problem(await bob.post(PATH, stolen), 403, "passkey_refused")
        assert (await ada.post(PATH, stolen)).status_code == 201
        again = {"name": "Laptop", "credential": Device().create(wanted)}
        problem(await ada.post(PATH, again), 403, "passkey_refused")
        to_sign_in = {**wanted, "challenge": (await options(ada.client))["challenge"]}
        problem(
            await ada.post(PATH, {"name": "x", "credential": Device().create(to_sign_in)}), 403, "passkey_refused"
        )

    async def test_a_passkey_belongs_to_one_account(self, ada: Person, bob: Person, device: Device) -> None:
        """Its id is that of Ada's; Bob's is refused."""
        problem(await register(bob, device), 409, "passkey_taken")
        assert (await bob.get(FACTOR)).json()["recovery_codes"] == 0

    async def test_it_is_renamed_and_removed_by_its_owner_alone(
        self, ada: Person, bob: Person, device: Device
    ) -> None:
        """Removing wants a proof; recovery codes go with the last one."""
        path = f"{PATH}/{(await ada.get(PATH)).json()['items'][0]['id']}"
        problem(await bob.patch(path, {"name": "Mine"}), 404, "passkey_not_found")
        problem(await bob.post(f"{path}/remove", PROOF), 404, "passkey_not_found")
        assert (await ada.patch(path, {"name": "Phone"})).json()["name"] == "Phone"
        problem(await ada.post(f"{path}/remove", {"password": "something else"}), 403, "wrong_account_password")
        assert (await ada.post(f"{path}/remove", PROOF)).status_code == 204
        assert (await ada.get(FACTOR)).json() == {"totp": False, "passkeys": 0, "recovery_codes": 0}
        problem(await sign_in(ada.client, device), 403, "passkey_refused")


class TestSigningIn:
    async def test_without_a_password(self, ada: Person, device: Device, services: Services) -> None:
        """A passkey is enough, and is not asked for more."""
        answer = await sign_in(ada.client, device)
        assert answer.status_code == 200, answer.text
        assert answer.json()["user"]["id"] == ada.id
        assert "matinee_refresh=" in answer.headers["set-cookie"]
        assert (await ada.get(PATH)).json()["items"][0]["last_used_at"] is not None

    async def test_as_the_second_factor(self, ada: Person, device: Device, services: Services) -> None:
        """The password alone is not enough any more; a challenge opens one session."""
        pending = await challenge_of(ada)
        assert pending["methods"] == ["passkey", "recovery_code"]
        wanted = await options(ada.client, pending["challenge"])
        assert len(wanted["allowCredentials"]) == 1
        body = {"challenge": pending["challenge"], "credential": device.get(wanted)}
        assert (await ada.client.post(SIGN_IN, json=body)).status_code == 200
        problem(await ada.client.post(SIGN_IN, json=body), 401, "invalid_challenge")
        problem(
            await ada.client.post(f"{SIGN_IN}/options", json={"challenge": pending["challenge"]}),
            401,
            "invalid_challenge",
        )
        async with services.database.connection() as db:
            names = await fetch_value(db, "SELECT array_agg(device_name ORDER BY created_at) FROM sessions")
        assert names == ["", "phone"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"origin": "https://evil.example.org"},
            {"origin": "http://localhost:3001"},
            {"site": "evil.example.org"},
            {"verified": False},
            {"owner": b"0123456789abcdef"},
            {"owner": b""},
        ],
        ids=lambda wrong: "-".join(map(str, wrong.items())),
    )
    async def test_what_is_not_for_here_is_refused(self, ada: Person, device: Device, wrong: dict[str, Any]) -> None:
        """Another origin, another site, an owner who was not verified or is somebody else."""
        problem(await sign_in(ada.client, device, **wrong), 403, "passkey_refused")

    async def test_an_answer_is_good_once(self, ada: Person, device: Device) -> None:
        """Of ten at once one opens a session; a refused one is used up, too."""
        body = {"credential": device.get(await options(ada.client))}
        answers = await asyncio.gather(*(ada.client.post(SIGN_IN, json=body) for _ in range(10)))
        assert sorted(each.status_code for each in answers) == [200] + [403] * 9
        wanted = await options(ada.client)
        for origin in ("https://evil.example.org", "http://localhost:3000"):
            body = {"credential": device.get(wanted, origin=origin)}
            problem(await ada.client.post(SIGN_IN, json=body), 403, "passkey_refused")

    async def test_a_challenge_that_nobody_gave_or_that_is_late(
        self, ada: Person, device: Device, services: Services
    ) -> None:
        """And a sweep leaves none of the late ones."""
        wanted = await options(ada.client)
        body = {"credential": device.get({**wanted, "challenge": "AAAA"})}
        problem(await ada.client.post(SIGN_IN, json=body), 403, "passkey_refused")
        async with services.database.connection() as db:
            await execute(db, "UPDATE passkey_challenges SET expires_at = now() - interval '1 second'")
        problem(await ada.client.post(SIGN_IN, json={"credential": device.get(wanted)}), 403, "passkey_refused")
        async with services.database.connection() as db:
            assert await delete_expired_challenges(db, 100) > 0
            assert await fetch_value(db, "SELECT count(*) FROM passkey_challenges") == 0

    async def test_a_counter_that_does_not_go_on_is_a_copy(self, ada: Person, device: Device) -> None:
        """It is refused; one that never counts is not."""
        assert (await sign_in(ada.client, device, counts=False)).status_code == 200
        assert (await sign_in(ada.client, device)).status_code == 200
        problem(await sign_in(ada.client, device, counts=False), 403, "passkey_refused")
        device.count = 0
        problem(await sign_in(ada.client, device, counts=False), 403, "passkey_refused")

    async def test_another_key_under_the_same_id_is_refused(self, ada: Person, device: Device) -> None:
        """Who knows the id and the owner lacks the key."""
        thief = Device()
        thief.id, thief.owner = device.id, device.owner
        problem(await sign_in(ada.client, thief), 403, "passkey_refused")
        problem(await sign_in(ada.client, Device()), 403, "passkey_refused")

    async def test_another_accounts_passkey_is_no_second_factor(
        self, ada: Person, bob: Person, device: Device
    ) -> None:
        """Bob's passkey completes nobody's sign-in but Bob's."""
        of_bob = Device()
        await register(bob, of_bob)
        pending = await challenge_of(ada)
        wanted = await options(ada.client, pending["challenge"])
        body = {"challenge": pending["challenge"], "credential": of_bob.get(wanted)}
        problem(await ada.client.post(SIGN_IN, json=body), 403, "passkey_refused")
        alone = {"credential": device.get(await options(ada.client, pending["challenge"]))}
        problem(await ada.client.post(SIGN_IN, json=alone), 403, "passkey_refused")

    async def test_bytes_of_any_kind_are_refused(self, ada: Person, device: Device) -> None:
        """Never a crash, and no challenge is found in them."""
        good = device.get(await options(ada.client))
        for field in good["response"]:
            for text in ("AAAA", "A", "e30", "WzFd"):
                credential = {**good, "response": {**good["response"], field: text}}
                answer = await ada.client.post(SIGN_IN, json={"credential": credential})
                problem(answer, 403, "passkey_refused")

    async def test_a_recovery_code_is_for_the_day_it_is_lost(self, ada: Person) -> None:
        """It stands in for the passkey."""
        made = (await register(ada, Device())).json()
        body = {"challenge": (await challenge_of(ada))["challenge"], "code": made["recovery_codes"]["codes"][0]}
        assert (await ada.client.post(FACTOR, json=body)).status_code == 200


class TestAccountsThatAreShut:
    async def test_one_that_is_deleted_is_kept_by_its_passkey(self, ada: Person, device: Device) -> None:
        """Where that is asked for."""
        await ada.post("/api/v1/user/deletion", PROOF)
        problem(await sign_in(ada.client, device), 403, "account_closed")
        body = {"credential": device.get(await options(ada.client)), "restore": True}
        assert (await ada.client.post(SIGN_IN, json=body)).status_code == 200

    async def test_an_unverified_address_gets_no_session(
        self, ada: Person, device: Device, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where addresses must be verified, whatever the way in."""
        monkeypatch.setattr(services.sessions, "_wants_verified", True)
        problem(await sign_in(ada.client, device), 403, "email_not_verified")
