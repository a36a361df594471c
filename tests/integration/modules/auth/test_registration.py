"""Who may register, and what is an account."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Person, SignUp, client_of, new_video, problem
from tests.integration.modules.auth.letters import letters, token_in
from tests.integration.modules.auth.signing_in import AUTH, log_in, refresh

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.database import execute
from matinee.common.storage.s3 import S3Storage

REGISTER = f"{AUTH}/register"


def account(**fields: object) -> dict[str, object]:
    return {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", **fields}


class TestRegister:
    async def test_it_answers_the_account_without_its_password(self, api: httpx.AsyncClient) -> None:
        """201 with the public fields alone."""
        answer = await api.post(REGISTER, json=account())
        assert answer.status_code == 201
        assert set(answer.json()) == {"id", "email", "name", "role", "created_at"}
        assert answer.json()["role"] == "USER"

    async def test_an_address_is_taken_in_any_spelling(self, api: httpx.AsyncClient) -> None:
        """Case makes no other account."""
        await api.post(REGISTER, json=account())
        problem(await api.post(REGISTER, json=account(email="ADA@Example.org")), 409, "email_taken")

    @pytest.mark.parametrize(
        ("first", "second"),
        [
            ("re\u0301ne\u0301@example.org", "r\u00e9n\u00e9@example.org"),
            ("ada@xn--bcher-kva.example.org", "Ada@B\u00dcCHER.example.org"),
            ("ada@b\u00fccher.example.org", "ada@XN--BCHER-KVA.example.org"),
        ],
        ids=["composed", "unicode domain", "ASCII domain"],
    )
    async def test_an_address_is_taken_in_any_encoding(self, api: httpx.AsyncClient, first: str, second: str) -> None:
        """What looks alike and is delivered alike is one account, and it signs in however it is typed."""
        assert (await api.post(REGISTER, json=account(email=first))).status_code == 201
        problem(await api.post(REGISTER, json=account(email=second)), 409, "email_taken")
        for typed in (first, second):
            assert (await log_in(api, typed, PASSWORD)).status_code == 200

    async def test_of_ten_at_once_one_wins(self, api: httpx.AsyncClient) -> None:
        """The constraint decides the race; nobody gets a 500."""
        answers = await asyncio.gather(*(api.post(REGISTER, json=account()) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9

    async def test_every_wrong_field_is_named(self, api: httpx.AsyncClient) -> None:
        """Not only the first one."""
        answer = await api.post(REGISTER, json={"email": "no", "password": "short", "nam": "x"})
        body = problem(answer, 422, "validation_failed")
        assert {fault["path"] for fault in body["errors"]} == {"email", "password", "name", "nam"}

    @pytest.mark.parametrize("email", ["a@b", "a@@b.org", "a b@c.org", "@example.org", "a@exa mple.org"])
    async def test_a_malformed_address_is_refused(self, api: httpx.AsyncClient, email: str) -> None:
        """With the field's name."""
        answer = await api.post(REGISTER, json=account(email=email))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "email"

    async def test_hostile_strings_are_just_strings(self, api: httpx.AsyncClient) -> None:
        """SQL in a name is stored as it is."""
        name = "Robert'); DROP TABLE users;--"
        answer = await api.post(REGISTER, json=account(name=name))
        assert answer.status_code == 201
        assert answer.json()["name"] == name

    @pytest.mark.parametrize("name", ["a\x00b", "a\r\nSet-Cookie: x=1", "", "x" * 81])
    async def test_control_characters_and_wrong_lengths_are_refused(self, api: httpx.AsyncClient, name: str) -> None:
        """Before they reach the database."""
        problem(await api.post(REGISTER, json=account(name=name)), 422, "validation_failed")


@asynccontextmanager
async def restricted(settings: Settings, storage: S3Storage, **changes: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a stricter server."""
    stricter = msgspec.structs.replace(settings, **changes)
    async with open_services(stricter, storage=storage) as services, client_of(create_app(services)) as client:
        yield client


class TestRestricted:
    async def test_by_invitation(
        self, settings: Settings, storage: S3Storage, sign_up: SignUp, services: Services
    ) -> None:
        """The link of a letter, once; its address is verified by that."""
        admin = await sign_up(role="ADMIN")
        await letters(services)
        made = await admin.post(f"{AUTH}/invitations", {"email": "guest@example.org"})
        assert made.status_code == 201
        (letter,) = await letters(services)
        body = account(email="guest@example.org")
        async with restricted(settings, storage, registration="invitation") as api:
            problem(await api.post(REGISTER, json=body), 403, "invitation_needed")
            problem(await api.post(REGISTER, json={**body, "invitation": "x"}), 422, "link_expired")
            with_it = {**body, "invitation": token_in(letter)}
            assert (await api.post(REGISTER, json=with_it)).status_code == 201
            answer = await api.post(REGISTER, json={**with_it, "email": "more@example.org"})
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
        body = account(email="guest@example.org")
        token = made["link"].partition("#")[2]
        problem(await api.post(REGISTER, json={**body, "invitation": token}), 422, "link_expired")

    async def test_closed_and_unverified(
        self, settings: Settings, storage: S3Storage, services: Services, ada: Person
    ) -> None:
        """Closed takes no invitation either; where addresses must be verified, nobody signs in before."""
        changes = {"registration": "closed", "email_verification": "required"}
        async with restricted(settings, storage, **changes) as api:
            body = account(invitation="x")
            problem(await api.post(REGISTER, json=body), 403, "registration_closed")
            problem(await log_in(api, ada.email, PASSWORD), 403, "email_not_verified")
            problem(await log_in(api, ada.email, "not the one"), 401, "invalid_credentials")
            async with services.database.connection() as db:
                await execute(db, "UPDATE users SET email_verified_at = now()")
            assert (await log_in(api, ada.email, PASSWORD)).status_code == 200

    async def test_who_was_signed_in_before_reads_and_writes_nothing(
        self, settings: Settings, storage: S3Storage, services: Services, ada: Person
    ) -> None:
        """Neither by a session nor by a key; what is of his own account he changes, and once verified all."""
        made = await ada.post(
            "/api/v1/api-keys", {"password": PASSWORD, "name": "k", "scopes": ["uploads:write", "account:read"]}
        )
        async with restricted(settings, storage, email_verification="required") as api:
            by_session = Person(api, ada.email, (await refresh(api, ada.tokens)).json())
            by_key = Person(api, ada.email, {"access_token": made.json()["secret"], "user": ada.tokens["user"]})
            for person in (by_session, by_key):
                problem(await person.post("/api/v1/videos/init", new_video()), 403, "email_not_verified")
                assert (await person.get("/api/v1/user/profile")).status_code == 200
            body = {"text": "Hello"}
            comments = f"/api/v1/videos/{ada.id}/comments"
            problem(await by_session.post(comments, body), 403, "email_not_verified")
            assert (await by_session.patch("/api/v1/user/profile", {"name": "Ada L."})).status_code == 200
            async with services.database.connection() as db:
                await execute(db, "UPDATE users SET email_verified_at = now()")
            by_session = Person(api, ada.email, (await refresh(api, by_session.tokens)).json())
            assert (await by_session.post("/api/v1/videos/init", new_video())).status_code == 201
