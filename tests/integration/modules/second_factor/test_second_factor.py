"""Codes of an app and recovery codes: setting them up, signing in with them, and what is refused."""

import asyncio
import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, letters_sent, problem

from matinee.app import create_app
from matinee.bootstrap import Services
from matinee.cli import users
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.modules.second_factor.repository import delete_old_challenges

LOGIN = "/api/v1/auth/login"
FACTOR = "/api/v1/auth/second-factor"
TOTP_PATH = f"{FACTOR}/totp"
PROOF = {"password": PASSWORD}
REFRESH = "/api/v1/auth/refresh"
App = Callable[[], str]


def app_of(secret: str, clock: Clock) -> App:
    """An authenticator app: shows the code of now. Each look is a time step later, so that no code is shown twice."""
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)

    def show() -> str:
        clock.offset += 30
        return totp.generate(int(time.time() + clock.offset)).decode()

    return show


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With letters."""
    return msgspec.structs.replace(settings, mail_folder=tmp_path / "mail")


class Guarded(msgspec.Struct):
    """Somebody with a second factor."""

    person: Person
    app: App
    codes: list[str]


@pytest.fixture
async def guarded(ada: Person, clock: Clock) -> Guarded:
    begun = await ada.post(TOTP_PATH, PROOF)
    assert begun.status_code == 200, begun.text
    app = app_of(begun.json()["secret"], clock)
    confirmed = await ada.post(f"{TOTP_PATH}/confirm", {"code": app()})
    assert confirmed.status_code == 200, confirmed.text
    return Guarded(ada, app, confirmed.json()["codes"])


async def challenge_of(person: Person, **fields: Any) -> str:
    """Signs in as far as the password goes."""
    body = {"email": person.email, "password": PASSWORD, "device_name": "phone", **fields}
    asked = problem(await person.client.post(LOGIN, json=body), 401, "second_factor_required")
    assert asked["second_factor"]["expires_in"] == 300
    return str(asked["second_factor"]["challenge"])


def refresh_token(person: Person) -> dict[str, str]:
    return {"refresh_token": person.tokens["refresh_token"]}


async def answer(person: Person, challenge: str, code: str) -> httpx.Response:
    return await person.client.post(FACTOR, json={"challenge": challenge, "code": code})


class TestNewPassword:
    async def test_it_is_the_accounts_once_the_second_factor_was_shown(self, guarded: Guarded) -> None:
        """Who knows the password alone changes nothing by signing in."""
        person, client = guarded.person, guarded.person.client
        challenge = await challenge_of(person, new_password="seven lonely anvils")
        another = await challenge_of(person)
        problem(await answer(person, challenge, "000000"), 403, "wrong_code")
        assert (await person.get("/api/v1/auth/sessions")).status_code == 200
        assert (await answer(person, challenge, guarded.app())).status_code == 200
        problem(await client.post(REFRESH, json=refresh_token(person)), 401, "invalid_refresh_token")
        problem(await answer(person, another, guarded.app()), 401, "invalid_challenge")
        old, new = ({"email": person.email, "password": password} for password in (PASSWORD, "seven lonely anvils"))
        problem(await client.post(LOGIN, json=old), 401, "invalid_credentials")
        problem(await client.post(LOGIN, json=new), 401, "second_factor_required")


class TestSettingUp:
    async def test_nothing_is_asked_before_a_code_was_shown(self, ada: Person) -> None:
        """Whoever closes the page in the middle still signs in by the password."""
        assert (await ada.post(TOTP_PATH, PROOF)).status_code == 200
        login = await ada.client.post(LOGIN, json={"email": ada.email, "password": PASSWORD})
        assert login.status_code == 200
        assert (await ada.get(FACTOR)).json() == {"totp": False, "passkeys": 0, "recovery_codes": 0}

    async def test_the_address_says_whose_and_of_which_server(self, ada: Person) -> None:
        """What an app shows beside the code."""
        begun = (await ada.post(TOTP_PATH, PROOF)).json()
        parts = urlsplit(begun["uri"])
        assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
        assert unquote(parts.path) == f"/Matinee (localhost):{ada.email}"
        wanted = {"secret": begun["secret"], "issuer": "Matinee (localhost)", "digits": "6", "period": "30"}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert wanted.items() <= query.items()

    async def test_the_secret_is_stored_sealed_and_the_codes_hashed(
        self, guarded: Guarded, services: Services
    ) -> None:
        """Nobody who reads the database can make or use a code."""
        async with services.database.connection() as db:
            stored = await fetch_value(db, "SELECT secret FROM totp")
            hashes = await fetch_value(db, "SELECT array_agg(hash) FROM recovery_codes")
        assert len(stored) > 60
        assert len(hashes) == len(set(guarded.codes)) == 10
        assert all(len(value) == 32 for value in hashes)

    async def test_it_wants_the_password(self, ada: Person) -> None:
        """An open session is not enough."""
        problem(await ada.post(TOTP_PATH, {"password": "something else"}), 403, "wrong_account_password")

    async def test_a_wrong_code_confirms_nothing(self, ada: Person) -> None:
        """Nor does one where nothing was begun."""
        problem(await ada.post(f"{TOTP_PATH}/confirm", {"code": "123456"}), 409, "totp_not_begun")
        await ada.post(TOTP_PATH, PROOF)
        problem(await ada.post(f"{TOTP_PATH}/confirm", {"code": "not a code"}), 403, "wrong_code")
        assert not (await ada.get(FACTOR)).json()["totp"]

    async def test_who_was_signed_out_meanwhile_confirms_nothing(
        self, ada: Person, clock: Clock, services: Services
    ) -> None:
        """Else who was shut out by another password would leave his app behind; nor is it a matter of a second."""
        begun = (await ada.post(TOTP_PATH, PROOF)).json()
        async with services.database.connection() as db:
            await execute(db, "UPDATE sessions SET revoked_at = now(), revoked_why = 'password_reset'")
        code = app_of(begun["secret"], clock)()
        assert (await ada.post(f"{TOTP_PATH}/confirm", {"code": code})).status_code == 401
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM totp WHERE confirmed_at IS NOT NULL") == 0

    async def test_it_is_set_up_once(self, guarded: Guarded) -> None:
        """Another app comes after the first was turned off."""
        problem(await guarded.person.post(TOTP_PATH, PROOF), 409, "totp_is_on")
        code = guarded.app()
        problem(await guarded.person.post(f"{TOTP_PATH}/confirm", {"code": code}), 409, "totp_not_begun")

    async def test_it_ends_with_the_account(self, guarded: Guarded, services: Services) -> None:
        """Nothing of it is left."""
        await challenge_of(guarded.person)
        async with services.database.connection() as db:
            await execute(db, "DELETE FROM users")
            left = "SELECT (SELECT count(*) FROM totp) + (SELECT count(*) FROM sign_in_challenges)"
            assert await fetch_value(db, left) == 0
        problem(await guarded.person.post(TOTP_PATH, PROOF), 403, "wrong_account_password")


class TestSigningIn:
    async def test_a_code_opens_the_session(self, guarded: Guarded, services: Services) -> None:
        """Of the device that the password was typed on; the browser's cookie is set only now."""
        challenge = await challenge_of(guarded.person)
        signed_in = await answer(guarded.person, challenge, guarded.app())
        assert signed_in.status_code == 200, signed_in.text
        assert signed_in.json()["user"]["id"] == guarded.person.id
        assert "matinee_refresh=" in signed_in.headers["set-cookie"]
        async with services.database.connection() as db:
            names = await fetch_value(db, "SELECT array_agg(device_name ORDER BY created_at) FROM sessions")
        assert names == ["", "phone"]

    async def test_the_password_opens_nothing(self, guarded: Guarded) -> None:
        """The refusal sets no cookie, and says what works."""
        body = {"email": guarded.person.email, "password": PASSWORD}
        refused = await guarded.person.client.post(LOGIN, json=body)
        asked = problem(refused, 401, "second_factor_required")
        assert asked["second_factor"]["methods"] == ["totp", "recovery_code"]
        assert "set-cookie" not in refused.headers

    async def test_a_wrong_account_password_hears_nothing_of_it(self, guarded: Guarded) -> None:
        """Whether an account has a second factor is nobody's business."""
        body = {"email": guarded.person.email, "password": "something else"}
        assert "second_factor" not in problem(
            await guarded.person.client.post(LOGIN, json=body), 401, "invalid_credentials"
        )

    async def test_a_code_works_once(self, guarded: Guarded) -> None:
        """Also for another challenge, and of ten at once."""
        challenges = [await challenge_of(guarded.person) for _ in range(10)]
        code = guarded.app()
        answers = await asyncio.gather(*(answer(guarded.person, challenge, code) for challenge in challenges))
        assert sorted(each.status_code for each in answers) == [200] + [403] * 9

    async def test_its_reuse_is_told_once_an_hour(self, guarded: Guarded, services: Services) -> None:
        """Signing in or proving oneself; nobody fills the mailbox."""
        code = guarded.app()
        assert (await answer(guarded.person, await challenge_of(guarded.person), code)).status_code == 200
        await letters_sent(services)
        problem(await answer(guarded.person, await challenge_of(guarded.person), "000000"), 403, "wrong_code")
        assert await letters_sent(services) == []
        problem(await answer(guarded.person, await challenge_of(guarded.person), code), 403, "wrong_code")
        problem(await guarded.person.post(f"{TOTP_PATH}/off", {"code": code}), 403, "wrong_code")
        (letter,) = await letters_sent(services)
        assert (letter["To"], letter["Subject"]) == (
            guarded.person.email,
            "A code of your app was used a second time",
        )

    async def test_the_code_that_confirmed_is_used_up(self, ada: Person, clock: Clock) -> None:
        """Who looked over the shoulder has nothing."""
        app = app_of((await ada.post(TOTP_PATH, PROOF)).json()["secret"], clock)
        code = app()
        await ada.post(f"{TOTP_PATH}/confirm", {"code": code})
        problem(await answer(ada, await challenge_of(ada), code), 403, "wrong_code")

    async def test_an_older_code_is_worthless_after_a_newer_one(self, guarded: Guarded, clock: Clock) -> None:
        """Though the drift would allow it."""
        older, newer = guarded.app(), guarded.app()
        assert (await answer(guarded.person, await challenge_of(guarded.person), newer)).status_code == 200
        problem(await answer(guarded.person, await challenge_of(guarded.person), older), 403, "wrong_code")

    async def test_a_challenge_opens_one_session(self, guarded: Guarded) -> None:
        """With two good codes, too; an unknown one opens none."""
        challenge = await challenge_of(guarded.person)
        codes = guarded.codes[:2]
        answers = await asyncio.gather(*(answer(guarded.person, challenge, code) for code in codes))
        assert sorted(each.status_code for each in answers) == [200, 401]
        problem(await answer(guarded.person, challenge, guarded.app()), 401, "invalid_challenge")
        problem(await answer(guarded.person, "x", guarded.app()), 401, "invalid_challenge")

    async def test_a_challenge_expires(self, guarded: Guarded, services: Services) -> None:
        """After five minutes."""
        challenge = await challenge_of(guarded.person)
        async with services.database.connection() as db:
            await execute(db, "UPDATE sign_in_challenges SET expires_at = now()")
        problem(await answer(guarded.person, challenge, guarded.app()), 401, "invalid_challenge")

    async def test_a_challenge_ends_with_all_sessions(self, guarded: Guarded) -> None:
        """Whoever has the stolen password is out, too."""
        challenge = await challenge_of(guarded.person)
        await guarded.person.post("/api/v1/auth/logout-all", PROOF)
        problem(await answer(guarded.person, challenge, guarded.app()), 401, "invalid_challenge")

    async def test_another_password_ends_a_challenge(self, guarded: Guarded) -> None:
        """Who knew the former one completes nothing."""
        challenge = await challenge_of(guarded.person)
        body = {"present_password": PASSWORD, "new_password": "seven lonely anvils"}
        assert (await guarded.person.post("/api/v1/auth/password", body)).status_code == 204
        problem(await answer(guarded.person, challenge, guarded.app()), 401, "invalid_challenge")

    async def test_a_challenge_takes_five_wrong_codes(self, guarded: Guarded) -> None:
        """However many come at once."""
        challenge = await challenge_of(guarded.person)
        answers = await asyncio.gather(*(answer(guarded.person, challenge, "000000") for _ in range(12)))
        assert sorted(each.status_code for each in answers) == [401] * 7 + [403] * 5
        problem(await answer(guarded.person, challenge, guarded.app()), 401, "invalid_challenge")

    async def test_an_account_takes_twenty_wrong_codes_an_hour(self, guarded: Guarded, services: Services) -> None:
        """In however many sign-ins; then not even the right one is looked at, until the hour is over."""
        for _ in range(4):
            challenge = await challenge_of(guarded.person)
            await asyncio.gather(*(answer(guarded.person, challenge, "000000") for _ in range(5)))
        challenge = await challenge_of(guarded.person)
        refused = await answer(guarded.person, challenge, guarded.app())
        problem(refused, 429, "too_many_wrong_codes")
        assert refused.headers["retry-after"] == "3600"
        assert (await answer(guarded.person, challenge, guarded.codes[0])).status_code == 200  # nobody guesses those
        challenge = await challenge_of(guarded.person)
        async with services.database.connection() as db:
            await execute(db, "UPDATE sign_in_challenges SET created_at = created_at - interval '1 hour'")
            assert await delete_old_challenges(db, 100) == 6
        assert (await answer(guarded.person, await challenge_of(guarded.person), guarded.app())).status_code == 200

    async def test_codes_work_no_more_with_another_server_secret(self, guarded: Guarded, services: Services) -> None:
        """Recovery codes do: nobody is locked out by a changed setting."""
        settings = msgspec.structs.replace(services.settings, secret_key="another secret of 32 characters!")
        other = Services(settings, services.storage, services.tokens._clock, "other")
        await other.database.open()
        try:
            transport = httpx.ASGITransport(app=create_app(other), client=("127.0.0.1", 50000))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
                person = Person(client, guarded.person.email, guarded.person.tokens)
                problem(await answer(person, await challenge_of(person), guarded.app()), 403, "wrong_code")
                assert (await answer(person, await challenge_of(person), guarded.codes[0])).status_code == 200
        finally:
            other.passwords.close()
            await other.database.close()


class TestRecoveryCodes:
    async def test_each_works_once_however_it_is_typed(self, guarded: Guarded) -> None:
        """And the account tells how many are left."""
        code = guarded.codes[3]
        typed = f" {code.upper().replace('-', ' ')} "
        assert (await answer(guarded.person, await challenge_of(guarded.person), typed)).status_code == 200
        problem(await answer(guarded.person, await challenge_of(guarded.person), code), 403, "wrong_code")
        assert (await guarded.person.get(FACTOR)).json() == {"totp": True, "passkeys": 0, "recovery_codes": 9}

    async def test_new_ones_take_the_place_of_the_old(self, guarded: Guarded) -> None:
        """By the password or a code of the app."""
        for proof in (PROOF, {"code": guarded.app()}):
            renewed = (await guarded.person.post(f"{FACTOR}/recovery-codes", proof)).json()["codes"]
            assert len(renewed) == 10
            assert not set(renewed) & set(guarded.codes)
        challenge = await challenge_of(guarded.person)
        problem(await answer(guarded.person, challenge, guarded.codes[0]), 403, "wrong_code")
        assert (await answer(guarded.person, challenge, renewed[0])).status_code == 200

    async def test_there_are_none_without_a_second_factor(self, ada: Person) -> None:
        """409, and nothing is made."""
        problem(await ada.post(f"{FACTOR}/recovery-codes", PROOF), 409, "second_factor_is_off")


class TestTurningOff:
    @pytest.mark.parametrize("by", ["password", "app", "recovery code"])
    async def test_signing_in_takes_the_password_alone_again(self, guarded: Guarded, by: str) -> None:
        """By any of the three; recovery codes end with it."""
        proof = PROOF if by == "password" else {"code": guarded.app() if by == "app" else guarded.codes[0]}
        assert (await guarded.person.post(f"{TOTP_PATH}/off", proof)).status_code == 204
        body = {"email": guarded.person.email, "password": PASSWORD}
        assert (await guarded.person.client.post(LOGIN, json=body)).status_code == 200
        assert (await guarded.person.get(FACTOR)).json() == {"totp": False, "passkeys": 0, "recovery_codes": 0}

    async def test_an_open_session_is_not_enough(self, guarded: Guarded) -> None:
        """One proof, and a good one."""
        off = f"{TOTP_PATH}/off"
        problem(await guarded.person.post(off), 403, "proof_required")
        problem(await guarded.person.post(off, {**PROOF, "code": "000000"}), 403, "wrong_code")
        problem(await guarded.person.post(off, {"password": "something else"}), 403, "wrong_account_password")
        problem(await guarded.person.post(off, {"code": "000000"}), 403, "wrong_code")
        assert (await guarded.person.get(FACTOR)).json()["totp"]

    async def test_another_account_is_untouched(self, guarded: Guarded, bob: Person) -> None:
        """Bob has none to turn off, and Ada keeps hers."""
        problem(await bob.post(f"{TOTP_PATH}/off", PROOF), 409, "second_factor_is_off")
        problem(await bob.post(f"{TOTP_PATH}/off", {"code": guarded.codes[0]}), 403, "wrong_code")
        assert (await guarded.person.get(FACTOR)).json() == {"totp": True, "passkeys": 0, "recovery_codes": 10}

    async def test_its_owner_is_told_of_each_change(self, guarded: Guarded, services: Services) -> None:
        """By letter, in the transaction that makes it."""
        await guarded.person.post(f"{FACTOR}/recovery-codes", PROOF)
        await guarded.person.post(f"{TOTP_PATH}/off", PROOF)
        letters = [letter for letter in await letters_sent(services) if letter["Subject"] != "Is this your address?"]
        assert {letter["To"] for letter in letters} == {guarded.person.email}
        assert [letter["Subject"] for letter in letters] == [
            "Codes of an app are asked for now",
            "Your recovery codes were renewed",
            "Codes of an app are asked for no more",
        ]


class TestResetting:
    async def test_an_administrator_does_it_by_his_own_password(
        self, guarded: Guarded, sign_up: SignUp, services: Services
    ) -> None:
        """Every device is signed out, the password alone signs in, and its owner is told."""
        admin, ada = await sign_up(role="ADMIN"), guarded.person
        path = f"/api/v1/users/{ada.id}/second-factor/reset"
        problem(await admin.post(path), 403, "proof_required")
        problem(await admin.post(path.replace(ada.id, admin.id), PROOF), 409, "own_account")
        problem(await admin.post(path.replace(ada.id, str(uuid4())), PROOF), 404, "user_not_found")
        waiting = await challenge_of(ada)
        assert (await admin.post(path, PROOF)).status_code == 204
        problem(await answer(ada, waiting, guarded.codes[0]), 401, "invalid_challenge")
        problem(await ada.client.post(REFRESH, json=refresh_token(ada)), 401, "invalid_refresh_token")
        assert (await ada.client.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).status_code == 200
        assert (await letters_sent(services))[-1]["Subject"] == "Your second factor was reset"
        (event, *_) = (await admin.get("/api/v1/audit", params={"account": ada.id, "by": admin.id})).json()["items"]
        assert event["what"] in ("account.second_factor_reset", "account.sessions_ended")

    async def test_so_does_the_command_line(self, guarded: Guarded, settings: Settings, services: Services) -> None:
        """It verifies addresses, too, once."""
        ada = guarded.person
        await users.reset_second_factor(settings, ada.email)
        assert (await ada.client.post(LOGIN, json={"email": ada.email, "password": PASSWORD})).status_code == 200
        for _ in range(2):
            await users.verify(settings, ada.email)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT email_verified_at IS NOT NULL FROM users")
            verified = "SELECT array_agg(actor) FROM audit_events WHERE what = 'account.email_verified'"
            assert await fetch_value(db, verified) == ["command_line"]


class TestAccountsThatAreShut:
    async def test_one_that_is_deleted_is_kept_by_both_factors(self, guarded: Guarded) -> None:
        """The password alone restores nothing; a code that was refused a session is not used up."""
        ada = guarded.person
        await ada.post("/api/v1/user/deletion", PROOF)
        challenge, code = await challenge_of(ada, restore=True), guarded.app()
        problem(await answer(ada, challenge, code), 403, "account_closed")
        body = {"challenge": challenge, "code": code, "restore": True}
        assert (await ada.client.post(FACTOR, json=body)).status_code == 200
        assert (await answer(ada, await challenge_of(ada), guarded.app())).status_code == 200

    async def test_an_unverified_address_gets_no_session(
        self, guarded: Guarded, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where addresses must be verified, whatever the way in."""
        monkeypatch.setattr(services.sessions, "_wants_verified", True)
        ada = guarded.person
        challenge, code = await challenge_of(ada), guarded.app()
        problem(await answer(ada, challenge, code), 403, "email_not_verified")
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email_verified_at = now()")
        assert (await answer(ada, challenge, code)).status_code == 200
