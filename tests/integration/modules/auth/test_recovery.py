"""Passwords and addresses by the links of letters, invitations, and how guessing is slowed down."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, client_of, letters_sent, new_video, problem, text_of

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_one, fetch_value
from matinee.common.jobs import JobRun
from matinee.common.storage.s3 import S3Storage

AUTH = "/api/v1/auth"
OTHER = "seven lonely anvils"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With letters."""
    return msgspec.structs.replace(settings, mail_folder=tmp_path / "mail", trusted_proxies=("127.0.0.1",))


class _Asked(msgspec.Struct):
    id: int
    task_name: str
    args: str
    sealed: str


_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE task_name LIKE 'accounts.%%' AND status = 'todo')
RETURNING id, task_name, args::text AS args, args ->> 'sealed' AS sealed
"""


async def letters(services: Services) -> list[EmailMessage]:
    """Does what a worker does with what was asked for; the letters that come of it."""
    async with services.database.connection() as db:
        worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        while job := await fetch_one(db, _Asked, _TAKE, (worker,)):
            run = {
                "accounts.send_password_link": services.recovery.send_password_link,
                "accounts.send_email_link": services.recovery.send_email_link,
            }[job.task_name]
            assert "example" not in job.args, "the queue holds no address"
            await run(JobRun(job.id, worker, 1), job.sealed)
            await execute(db, "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,))
    return await letters_sent(services)


async def give_password(services: Services, password: str) -> None:
    """Everybody's, as if it had never been judged."""
    async with services.database.connection() as db:
        await execute(db, "UPDATE users SET password_hash = %s", (await services.passwords.hash(password),))


def token_in(letter: EmailMessage) -> str:
    found = re.search(r"#(\S+)", text_of(letter))
    assert found is not None
    return found[1]


async def log_in(
    api: httpx.AsyncClient, email: str, password: str, ip: str = "127.0.0.1", cookies: Mapping[str, str] | None = None
) -> httpx.Response:
    body = {"email": email, "password": password}
    api.cookies.update(cookies)
    answer = await api.post(f"{AUTH}/login", json=body, headers={"X-Forwarded-For": ip})
    api.cookies.clear()
    return answer


async def refresh(api: httpx.AsyncClient, tokens: dict[str, Any]) -> httpx.Response:
    answer = await api.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})
    api.cookies.clear()
    return answer


class TestChangePassword:
    async def test_it_ends_every_other_session(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """This one goes on, the former password signs in no more, and a letter tells of it."""
        await letters(services)
        other = (await log_in(api, ada.email, PASSWORD)).json()
        body = {"present_password": PASSWORD, "new_password": OTHER}
        assert (await ada.post(f"{AUTH}/password", body)).status_code == 204
        problem(await refresh(api, other), 401, "invalid_refresh_token")
        assert (await refresh(api, ada.tokens)).status_code == 200
        problem(await log_in(api, ada.email, PASSWORD), 401, "invalid_credentials")
        assert (await log_in(api, ada.email, OTHER)).status_code == 200
        (letter,) = await letters(services)
        assert letter["Subject"] == "Your password was changed"

    async def test_it_needs_the_present_one(self, ada: Person) -> None:
        """An open session is not enough."""
        body = {"present_password": "not the one", "new_password": OTHER}
        problem(await ada.post(f"{AUTH}/password", body), 403, "wrong_account_password")


class TestResetPassword:
    async def test_a_link_sets_another_password_once(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Every session ends; the address is verified with it, as its letters are read."""
        await letters(services)
        assert (await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email.upper()})).status_code == 204
        (letter,) = await letters(services)
        assert letter["To"] == ada.email
        token = token_in(letter)
        async with services.database.connection() as db:
            assert (
                await fetch_value(db, "SELECT count(*) FROM account_tokens WHERE hash = %s", (token.encode(),)) == 0
            )
        assert (await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})).status_code == 204
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")
        tokens = (await log_in(api, ada.email, OTHER)).json()
        assert (await Person(api, ada.email, tokens).get("/api/v1/user/profile")).json()["email_verified"] is True
        again = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": PASSWORD})
        problem(again, 422, "link_expired")

    async def test_of_many_at_once_one_wins(self, ada: Person, api: httpx.AsyncClient, services: Services) -> None:
        """A token is used up by the transaction that sets the password."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        answers = await asyncio.gather(
            *(api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER}) for _ in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]

    async def test_an_expired_link_does_nothing(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """After an hour."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        async with services.database.connection() as db:
            await execute(db, "UPDATE account_tokens SET expires_at = now()")
        answer = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})
        problem(answer, 422, "link_expired")

    async def test_nobody_learns_who_has_an_account(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Answer and work are the same: a job that looks the account up when the answer has gone."""
        await letters(services)
        for path in ("password/forgotten", "email/verification"):
            answers = [
                await api.post(f"{AUTH}/{path}", json={"email": email}) for email in (ada.email, "no@example.org")
            ]
            assert [(answer.status_code, answer.content) for answer in answers] == [(204, b"")] * 2
        assert [letter["To"] for letter in await letters(services)] == [ada.email] * 2

    async def test_a_weak_password_leaves_the_link_good(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """One chooses another."""
        await letters(services)
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        token = token_in((await letters(services))[0])
        for password in ("Password123!", f"{ada.email.split('@')[0]}1"):
            answer = await api.post(f"{AUTH}/password/reset", json={"token": token, "password": password})
            assert problem(answer, 422, "weak_password")["errors"][0]["path"] == "password"
        assert (await api.post(f"{AUTH}/password/reset", json={"token": token, "password": OTHER})).status_code == 204

    async def test_without_mail_it_says_so(self, api: httpx.AsyncClient, services: Services) -> None:
        """Whatever the address."""
        services.post._mailer = None
        answer = await api.post(f"{AUTH}/password/forgotten", json={"email": "ada@example.org"})
        problem(answer, 409, "mail_off")

    async def test_what_was_begun_with_the_former_password_ends(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """The link to a stranger's address, and of letters that were asked for before."""
        await ada.post(f"{AUTH}/email", {"email": "stranger@example.org", "password": PASSWORD})
        for _ in range(2):
            await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        sent = await letters(services)
        stranger = token_in(next(letter for letter in sent if letter["To"] == "stranger@example.org"))
        first, second = [token_in(letter) for letter in sent if letter["Subject"] == "Choose a new password"]
        answer = await api.post(f"{AUTH}/password/reset", json={"token": first, "password": OTHER})
        problem(answer, 422, "link_expired")
        body = {"token": second, "password": OTHER}
        assert (await api.post(f"{AUTH}/password/reset", json=body)).status_code == 204
        problem(await api.post(f"{AUTH}/email/verify", json={"token": stranger}), 422, "link_expired")

    @pytest.mark.parametrize("verified", [False, True])
    async def test_who_made_the_account_of_an_address_loses_it_to_its_owner(
        self, verified: bool, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Second factor and keys end where the address was not verified; else they stay."""
        await letters(services)
        key = (
            await ada.post("/api/v1/api-keys", {"password": PASSWORD, "name": "k", "scopes": ["account:read"]})
        ).json()
        async with services.database.connection() as db:
            await execute(db, "UPDATE users SET email_verified_at = CASE WHEN %s THEN now() END", (verified,))
            await execute(db, "INSERT INTO totp (user_id, secret, confirmed_at) SELECT id, '', now() FROM users")
        team = (await ada.post("/api/v1/teams", {"name": "Harbour Films"})).json()["id"]
        tokens = (await refresh(api, ada.tokens)).json()
        shown = {"password": PASSWORD, "name": "shop", "owner": team}
        assert (await Person(api, ada.email, tokens).post("/api/v1/signing-keys", shown)).status_code == 201
        await api.post(f"{AUTH}/password/forgotten", json={"email": ada.email})
        made, asked = await letters(services)
        assert made["Subject"] == "Your account has a new API key"
        body = {"token": token_in(asked), "password": OTHER}
        assert (await api.post(f"{AUTH}/password/reset", json=body)).status_code == 204
        assert (await log_in(api, ada.email, OTHER)).status_code == (401 if verified else 200)
        me = await api.get(f"{AUTH}/me", headers={"Authorization": f"Bearer {key['secret']}"})
        assert me.status_code == (200 if verified else 401)
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM signing_keys") == verified


class TestRaces:
    """Whatever happens while a password is verified."""

    @pytest.fixture
    def meanwhile(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Any], None]:
        """Has a statement executed once a password was found right."""
        verify = services.passwords.verify

        def arrange(statement: str, *params: Any) -> None:
            async def verify_slowly(stored: str | None, password: str) -> bool:
                fits = await verify(stored, password)
                async with services.database.connection() as db:
                    await execute(db, statement, params)
                return fits

            monkeypatch.setattr(services.passwords, "verify", verify_slowly)

        return arrange

    async def test_a_former_password_opens_and_changes_nothing(
        self, ada: Person, api: httpx.AsyncClient, services: Services, meanwhile: Callable[..., None]
    ) -> None:
        """Not even where it was the present one when it was read."""
        token = token_in((await letters(services))[0])
        fresh = await services.passwords.hash(OTHER)
        for attempt in (
            lambda: ada.post(f"{AUTH}/password", {"present_password": PASSWORD, "new_password": "six quiet kettles"}),
            lambda: ada.post(f"{AUTH}/email", {"email": "new@example.org", "password": PASSWORD}),
            lambda: api.post(f"{AUTH}/email/verify", json={"token": token, "password": PASSWORD}),
            lambda: log_in(api, ada.email, PASSWORD),
        ):
            async with services.database.connection() as db:
                await execute(db, "UPDATE users SET password_hash = %s", (await services.passwords.hash(PASSWORD),))
            meanwhile("UPDATE users SET password_hash = %s", fresh)
            assert (await attempt()).json()["code"] in ("wrong_account_password", "invalid_credentials")
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT password_hash FROM users") == fresh
            assert await fetch_value(db, "SELECT count(*) FROM sessions") == 1
            assert await fetch_value(db, "SELECT email_verified_at FROM users") is None

    async def test_a_former_role_is_not_given(
        self, sign_up: SignUp, api: httpx.AsyncClient, meanwhile: Callable[..., None]
    ) -> None:
        """Its user has the one of now."""
        admin = await sign_up(role="ADMIN")
        meanwhile("UPDATE users SET role = 'USER'")
        tokens = (await log_in(api, admin.email, PASSWORD)).json()
        assert tokens["user"]["role"] == "USER"
        problem(await Person(api, admin.email, tokens).get(f"{AUTH}/invitations"), 403, "forbidden")


class TestEmail:
    async def test_an_address_is_verified_by_the_letter_to_it(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Once, and there is another letter for who asks."""
        (first,) = await letters(services)
        await api.post(f"{AUTH}/email/verification", json={"email": ada.email})
        (second,) = await letters(services)
        assert (await ada.get("/api/v1/user/profile")).json()["email_verified"] is False
        assert (await ada.post(f"{AUTH}/email/verify", {"token": token_in(second)})).status_code == 204
        assert (await ada.get("/api/v1/user/profile")).json()["email_verified"] is True
        problem(await ada.post(f"{AUTH}/email/verify", {"token": token_in(second)}), 422, "link_expired")
        assert (await ada.post(f"{AUTH}/email/verify", {"token": token_in(first)})).status_code == 204
        await api.post(f"{AUTH}/email/verification", json={"email": ada.email})
        assert await letters(services) == []

    async def test_another_address_is_taken_when_its_owner_says_so(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """And the former one is told."""
        await letters(services)
        assert (
            await ada.post(f"{AUTH}/email", {"email": "new@example.org", "password": PASSWORD})
        ).status_code == 204
        asked, warned = await letters(services)
        assert (asked["To"], warned["To"]) == ("new@example.org", ada.email)
        assert (await ada.get(f"{AUTH}/me")).json()["email"] == ada.email
        assert (await ada.post(f"{AUTH}/email/verify", {"token": token_in(asked)})).status_code == 204
        (told,) = await letters(services)
        assert told["To"] == ada.email
        assert (await log_in(api, "new@example.org", PASSWORD)).status_code == 200
        problem(await log_in(api, ada.email, PASSWORD), 401, "invalid_credentials")

    async def test_an_address_that_has_an_account_stays_its(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Only who reads its letters learns that it has one."""
        await letters(services)
        assert (await ada.post(f"{AUTH}/email", {"email": bob.email, "password": PASSWORD})).status_code == 204
        asked, _ = await letters(services)
        problem(await ada.post(f"{AUTH}/email/verify", {"token": token_in(asked)}), 409, "email_taken")

    async def test_who_reads_the_letters_of_another_s_account_does_not_own_up_for_him(
        self, ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Somebody has registered with his address, or gives it for his account: a click makes neither verified."""
        await ada.post(f"{AUTH}/email", {"email": "new@example.org", "password": PASSWORD})
        sent = await letters(services)
        for to in (ada.email, "new@example.org"):
            token = token_in(next(letter for letter in sent if letter["To"] == to))
            problem(await api.post(f"{AUTH}/email/verify", json={"token": token}), 403, "sign_in_to_verify")
            problem(await bob.post(f"{AUTH}/email/verify", {"token": token}), 403, "sign_in_to_verify")
            wrong = await bob.post(f"{AUTH}/email/verify", {"token": token, "password": OTHER})
            problem(wrong, 403, "wrong_account_password")
            profile = (await ada.get("/api/v1/user/profile")).json()
            assert (profile["email"], profile["email_verified"]) == (ada.email, to != ada.email)
            right = await api.post(f"{AUTH}/email/verify", json={"token": token, "password": PASSWORD})
            assert right.status_code == 204

    async def test_it_needs_the_password(self, ada: Person) -> None:
        """An open session is not enough."""
        body = {"email": "new@example.org", "password": "not the one"}
        problem(await ada.post(f"{AUTH}/email", body), 403, "wrong_account_password")


class TestNewDevices:
    async def test_its_owner_is_told_of_each_once(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """Not of the first of a new account, nor of one that is known by its cookie, or by name and network."""
        await letters(services)
        assert (await log_in(api, ada.email, PASSWORD)).status_code == 200
        assert await letters(services) == []
        elsewhere = await log_in(api, ada.email, PASSWORD, "192.0.2.7")
        (told,) = await letters(services)
        assert (told["To"], told["Subject"]) == (ada.email, "Your account was signed in to on a new device")
        assert "192.0.2.7" in text_of(told)
        known = {"matinee_device": elsewhere.cookies["matinee_device"]}
        odd = {"email": ada.email, "password": "not the one"}
        made_up = await api.post(f"{AUTH}/login", json=odd, headers=[(b"cookie", b"matinee_device=\xe9")])
        problem(made_up, 401, "invalid_credentials")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.99", known)).status_code == 200
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200
        assert await letters(services) == []
        for host in range(10, 20):
            await log_in(api, ada.email, PASSWORD, f"192.0.2.{host}")
        assert len(await letters(services)) == 4, "five an hour"

    async def test_so_he_is_of_an_export_and_of_a_deletion(self, ada: Person, services: Services) -> None:
        """And until when he can keep the account."""
        await letters(services)
        assert (await ada.post("/api/v1/user/export", {"password": PASSWORD})).status_code == 202
        deletion = (await ada.post("/api/v1/user/deletion", {"password": PASSWORD})).json()
        asked, closed = await letters_sent(services)
        assert asked["Subject"] == "All of your account is put into one file"
        assert closed["Subject"] == "Your account is to be deleted"
        assert deletion["erase_at"][:10] in text_of(closed)


class TestStrength:
    @pytest.mark.parametrize(
        "password",
        [
            "password1234",
            "qwertyuiop12",
            "ada@example.org",
            "Lovelace1815",
            "matinee12345",
            "aaaaaaaaaaaa",
            "Summer202425",
        ],
    )
    async def test_what_is_easily_guessed_is_refused(self, api: httpx.AsyncClient, password: str) -> None:
        """Known passwords, rows of keys, and what is known of the account; with what would be better."""
        body = {"email": "ada@example.org", "name": "Ada Lovelace", "password": password}
        answer = problem(await api.post(f"{AUTH}/register", json=body), 422, "weak_password")
        assert "Several words" in answer["detail"]
        assert answer["errors"][0]["path"] == "password"

    async def test_it_may_have_any_characters_and_counts_to_the_last(self, api: httpx.AsyncClient) -> None:
        """12 to 128 of them, blanks and what is not in any keyboard."""
        longest = "  grüße 🗝 \t" * 10 + "and so on, to here"
        body = {"email": "ada@example.org", "name": "Ada", "password": longest}
        for password in (longest + "x", "6 ü🗝 h&q~1!"):
            refused = await api.post(f"{AUTH}/register", json={**body, "password": password})
            assert problem(refused, 422, "validation_failed")["errors"][0]["path"] == "password"
        assert (await api.post(f"{AUTH}/register", json=body)).status_code == 201
        problem(await log_in(api, "ada@example.org", longest[:-1] + "x"), 401, "invalid_credentials")
        assert (await log_in(api, "ada@example.org", longest)).status_code == 200

    async def test_the_longest_costs_no_more_than_others(self, services: Services) -> None:
        """What is behind the fortieth character is not judged."""
        async with asyncio.timeout(2):
            await services.passwords.ensure_strong("p4$$w0rd!|1" * 11, ("ada",), field="password")


class TestKnownPasswords:
    """Of accounts that had theirs before it was judged, or before it was known."""

    KNOWN = "iloveyou2020"

    @pytest.fixture
    async def ada(self, ada: Person, services: Services) -> Person:
        await give_password(services, self.KNOWN)
        await letters(services)
        return ada

    async def test_one_opens_nothing_until_it_is_changed(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """With the sign-in itself, as anywhere else: every other session ends, and a letter tells of it."""
        credentials = {"email": ada.email, "password": self.KNOWN}
        refused = await api.post(f"{AUTH}/login", json=credentials)
        problem(refused, 401, "new_password_required")
        assert "set-cookie" not in refused.headers
        weak = await api.post(f"{AUTH}/login", json={**credentials, "new_password": "iloveyou2021"})
        assert problem(weak, 422, "weak_password")["errors"][0]["path"] == "new_password"
        assert (await ada.get(f"{AUTH}/sessions")).status_code == 200
        changed = await api.post(f"{AUTH}/login", json={**credentials, "new_password": OTHER})
        assert changed.status_code == 200
        problem(await refresh(api, ada.tokens), 401, "invalid_refresh_token")
        assert (await refresh(api, changed.json())).status_code == 200
        assert "Your password was changed" in [letter["Subject"] for letter in await letters(services)]
        problem(await log_in(api, ada.email, self.KNOWN), 401, "invalid_credentials")
        assert (await log_in(api, ada.email, OTHER)).status_code == 200

    async def test_who_does_not_know_it_hears_and_changes_nothing(self, ada: Person, api: httpx.AsyncClient) -> None:
        """A guess is a guess, whatever comes with it."""
        for email in (ada.email, "nobody@example.org"):
            guess = {"email": email, "password": "iloveyou2019", "new_password": "12345678901234"}
            problem(await api.post(f"{AUTH}/login", json=guess), 401, "invalid_credentials")
        problem(await log_in(api, ada.email, self.KNOWN), 401, "new_password_required")

    async def test_a_short_one_that_nobody_guesses_still_works(
        self, ada: Person, api: httpx.AsyncClient, services: Services
    ) -> None:
        """It is of a time when eight characters were enough."""
        await give_password(services, "k7#pQ2xzW9")
        assert (await log_in(api, ada.email, "k7#pQ2xzW9")).status_code == 200


class TestGuessing:
    @pytest.fixture
    async def limited(
        self, settings: Settings, storage: S3Storage, password_cost: None
    ) -> AsyncIterator[tuple[httpx.AsyncClient, Services]]:
        changed = msgspec.structs.replace(settings, rate_limits=True)
        async with open_services(changed, storage=storage) as services:
            app = create_app(services)
            async with client_of(app) as client:
                yield client, services

    async def test_a_guesser_waits_and_the_owner_does_not(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Longer each time; from elsewhere the owner signs in, and stays signed in."""
        api, services = limited
        for _ in range(6):
            problem(await log_in(api, ada.email, "not the one", "192.0.2.66"), 401, "invalid_credentials")
        answer = await log_in(api, ada.email, PASSWORD, "192.0.2.66")
        problem(answer, 429, "rate_limited")
        assert answer.headers["retry-after"] in ("1", "2")
        async with services.database.connection() as db:
            await execute(db, "UPDATE guesses SET made = 30, wait_until = now()")
        problem(await log_in(api, ada.email, "not the one", "192.0.2.66"), 401, "invalid_credentials")
        answer = await log_in(api, ada.email, PASSWORD, "192.0.2.66")
        assert 890 <= int(answer.headers["retry-after"]) <= 900
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200
        assert (await refresh(api, ada.tokens)).status_code == 200

    async def test_success_begins_anew(self, ada: Person, limited: tuple[httpx.AsyncClient, Services]) -> None:
        """And an address without an account makes one wait just the same."""
        api, services = limited
        for _ in range(5):
            await log_in(api, ada.email, "not the one", "192.0.2.66")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.66")).status_code == 200
        async with services.database.connection() as db:
            assert await fetch_value(db, "SELECT count(*) FROM guesses") == 0
            await execute(db, "DELETE FROM rate_limits")
        for _ in range(6):
            problem(await log_in(api, "no@example.org", "not the one", "192.0.2.66"), 401, "invalid_credentials")
        problem(await log_in(api, "no@example.org", "not the one", "192.0.2.66"), 429, "rate_limited")

    async def test_a_right_one_that_must_be_another_is_no_guess(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Its owner may need some tries to find a better one."""
        api, services = limited
        await give_password(services, "iloveyou2020")
        for new in (None, *["iloveyou2021"] * 6):
            body = {"email": ada.email, "password": "iloveyou2020", "new_password": new}
            refused = await api.post(f"{AUTH}/login", json=body)
            assert refused.json()["code"] == ("new_password_required" if new is None else "weak_password")

    async def test_of_many_at_once_no_more_are_judged(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """A guess is counted before it is judged."""
        api, services = limited
        await log_in(api, ada.email, "not the one", "192.0.2.66")
        async with services.database.connection() as db:
            await execute(db, "UPDATE guesses SET made = 30")
        answers = await asyncio.gather(*(log_in(api, ada.email, "not the one", "192.0.2.66") for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [401] + [429] * 5

    async def test_many_networks_together_guess_a_hundred_times_an_hour(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Where the account was used before, its owner goes on."""
        api, services = limited
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        problem(await log_in(api, ada.email, PASSWORD, "192.0.2.66"), 429, "rate_limited")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).status_code == 200

    async def test_a_browser_that_is_known_has_guesses_of_its_own(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Wherever it is, and however many others guess; they are not many, and a note that is made up is none."""
        api, services = limited
        known = {"matinee_device": (await log_in(api, ada.email, PASSWORD, "192.0.2.7")).cookies["matinee_device"]}
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        assert (await log_in(api, ada.email, PASSWORD, "192.0.2.66", known)).status_code == 200
        for made_up in ({}, {"matinee_device": "x"}):
            problem(await log_in(api, ada.email, PASSWORD, "192.0.2.67", made_up), 429, "rate_limited")
        for _ in range(6):
            problem(await log_in(api, ada.email, "not the one", "192.0.2.67", known), 401, "invalid_credentials")
        problem(await log_in(api, ada.email, PASSWORD, "192.0.2.68", known), 429, "rate_limited")

    async def test_a_site_of_ipv6_is_one_stranger(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Its networks are many; and where the account was used, any address of the network is known."""
        api, services = limited
        for network in range(21):
            answer = await log_in(api, ada.email, "not the one", f"2001:db8:1:{network}::1")
            problem(answer, 401, "invalid_credentials")
        problem(await log_in(api, ada.email, "not the one", "2001:db8:1:99::1"), 429, "rate_limited")
        assert (await log_in(api, ada.email, PASSWORD, "2001:db8:2:1::1")).status_code == 200
        async with services.database.connection() as db:
            await execute(db, "UPDATE rate_limits SET hits = 100 WHERE bucket LIKE 'guesses:%%'")
        assert (await log_in(api, ada.email, PASSWORD, "2001:db8:2:1::2")).status_code == 200
        problem(await log_in(api, ada.email, PASSWORD, "2001:db8:2:2::1"), 429, "rate_limited")

    async def test_nobody_is_flooded_with_letters(
        self, ada: Person, limited: tuple[httpx.AsyncClient, Services]
    ) -> None:
        """Five an hour to one address, whoever asks."""
        api, _ = limited
        answers = [
            await api.post(
                f"{AUTH}/password/forgotten", json={"email": ada.email}, headers={"X-Forwarded-For": f"192.0.2.{n}"}
            )
            for n in range(6)
        ]
        assert [answer.status_code for answer in answers] == [204] * 5 + [429]


class TestRegistration:
    async def open(self, settings: Settings, storage: S3Storage, **changes: Any) -> Any:
        return open_services(msgspec.structs.replace(settings, **changes), storage=storage)

    async def test_by_invitation(
        self, settings: Settings, storage: S3Storage, sign_up: SignUp, services: Services
    ) -> None:
        """The link of a letter, once; its address is verified by that."""
        admin = await sign_up(role="ADMIN")
        await letters(services)
        made = await admin.post(f"{AUTH}/invitations", {"email": "guest@example.org"})
        assert made.status_code == 201
        (letter,) = await letters(services)
        body = {"email": "guest@example.org", "name": "Guest", "password": PASSWORD}
        async with (
            await self.open(settings, storage, registration="invitation") as strict,
            client_of(create_app(strict)) as api,
        ):
            problem(await api.post(f"{AUTH}/register", json=body), 403, "invitation_needed")
            problem(await api.post(f"{AUTH}/register", json={**body, "invitation": "x"}), 422, "link_expired")
            with_it = {**body, "invitation": token_in(letter)}
            assert (await api.post(f"{AUTH}/register", json=with_it)).status_code == 201
            answer = await api.post(f"{AUTH}/register", json={**with_it, "email": "more@example.org"})
            problem(answer, 422, "link_expired")
            assert (await admin.get(f"{AUTH}/invitations")).json()["items"] == []
            assert await letters(services) == []

    async def test_an_invitation_is_revoked(self, sign_up: SignUp, ada: Person, api: httpx.AsyncClient) -> None:
        """By administrators alone."""
        admin = await sign_up(role="ADMIN")
        made = (await admin.post(f"{AUTH}/invitations", {"email": "guest@example.org"})).json()
        problem(await ada.delete(f"{AUTH}/invitations/{made['id']}"), 403, "forbidden")
        (listed,) = (await admin.get(f"{AUTH}/invitations")).json()["items"]
        assert (listed["id"], "link" in listed) == (made["id"], False)
        assert (await admin.delete(f"{AUTH}/invitations/{made['id']}")).status_code == 204
        body = {"email": "guest@example.org", "name": "Guest", "password": PASSWORD}
        token = made["link"].partition("#")[2]
        problem(await api.post(f"{AUTH}/register", json={**body, "invitation": token}), 422, "link_expired")

    async def test_closed_and_unverified(self, settings: Settings, storage: S3Storage, ada: Person) -> None:
        """Closed takes no invitation either; where addresses must be verified, nobody signs in before."""
        changes = {"registration": "closed", "email_verification": "required"}
        async with await self.open(settings, storage, **changes) as strict, client_of(create_app(strict)) as api:
            body = {"email": "guest@example.org", "name": "Guest", "password": PASSWORD, "invitation": "x"}
            problem(await api.post(f"{AUTH}/register", json=body), 403, "registration_closed")
            problem(await log_in(api, ada.email, PASSWORD), 403, "email_not_verified")
            problem(await log_in(api, ada.email, "not the one"), 401, "invalid_credentials")
            async with strict.database.connection() as db:
                await execute(db, "UPDATE users SET email_verified_at = now()")
            assert (await log_in(api, ada.email, PASSWORD)).status_code == 200

    async def test_who_was_signed_in_before_reads_and_writes_nothing(
        self, settings: Settings, storage: S3Storage, ada: Person
    ) -> None:
        """Neither by a session nor by a key; what is of his own account he changes, and once verified all."""
        made = await ada.post(
            "/api/v1/api-keys", {"password": PASSWORD, "name": "k", "scopes": ["uploads:write", "account:read"]}
        )
        async with (
            await self.open(settings, storage, email_verification="required") as strict,
            client_of(create_app(strict)) as api,
        ):
            by_session = Person(api, ada.email, (await refresh(api, ada.tokens)).json())
            by_key = Person(api, ada.email, {"access_token": made.json()["secret"], "user": ada.tokens["user"]})
            for person in (by_session, by_key):
                problem(await person.post("/api/v1/videos/init", new_video()), 403, "email_not_verified")
                assert (await person.get("/api/v1/user/profile")).status_code == 200
            body = {"text": "Hello"}
            comments = f"/api/v1/videos/{ada.id}/comments"
            problem(await by_session.post(comments, body), 403, "email_not_verified")
            assert (await by_session.patch("/api/v1/user/profile", {"name": "Ada L."})).status_code == 200
            async with strict.database.connection() as db:
                await execute(db, "UPDATE users SET email_verified_at = now()")
            by_session = Person(api, ada.email, (await refresh(api, by_session.tokens)).json())
            assert (await by_session.post("/api/v1/videos/init", new_video())).status_code == 201
