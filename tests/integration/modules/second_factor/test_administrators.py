"""`MATINEE_ADMIN_SECOND_FACTOR=required`: an administrator is one while he has a second factor."""

from uuid import UUID

import msgspec
import pytest
from tests.integration.conftest import PASSWORD, Clock, Person, SignUp, problem
from tests.integration.modules.second_factor.test_second_factor import FACTOR, PROOF, REFRESH, TOTP_PATH, app_of

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import execute

USERS = "/api/v1/users"
PASSKEYS = "/api/v1/auth/passkeys"
MISSING = "second_factor_missing"
ENDED = "invalid_refresh_token"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, admin_second_factor="required")


@pytest.fixture
async def root(sign_up: SignUp) -> Person:
    """An administrator without a second factor."""
    return await sign_up(role="ADMIN", name="Root")


async def refreshed(person: Person) -> Person:
    """The same with his next tokens."""
    answer = await person.client.post(REFRESH, json={"refresh_token": person.tokens["refresh_token"]})
    assert answer.status_code == 200, answer.text
    person.client.cookies.clear()
    return Person(person.client, person.email, answer.json())


async def signed_out(admin: Person, clock: Clock) -> None:
    """Within a second nothing of his last tokens opens anything; by the next ones he is any other user."""
    clock.offset += 1
    problem(await admin.get(USERS), 401, "invalid_token")
    problem(await admin.client.post(REFRESH, json={"refresh_token": admin.tokens["refresh_token"]}), 401, ENDED)
    again = await admin.client.post("/api/v1/auth/login", json={"email": admin.email, "password": PASSWORD})
    admin.client.cookies.clear()
    problem(await Person(admin.client, admin.email, again.json()).get(USERS), 403, MISSING)


async def test_without_one_he_is_any_other_user(root: Person, ada: Person) -> None:
    """His own account goes on; another's video is not there; others are told what they always are."""
    refused = problem(await root.get(USERS), 403, MISSING)
    assert "Signing in" in refused["detail"]
    assert (await root.get("/api/v1/auth/me")).json()["role"] == "ADMIN"
    video_id = (await ada.init())["video"]["id"]
    problem(await root.get(f"/api/v1/videos/{video_id}"), 404, "video_not_found")
    problem(await ada.get(USERS), 403, "forbidden")


async def test_it_begins_and_ends_with_the_factor(root: Person, clock: Clock) -> None:
    """Read again at each refresh, and where a session is opened."""
    app = app_of((await root.post(TOTP_PATH, PROOF)).json()["secret"], clock)
    begun = await refreshed(root)
    problem(await begun.get(USERS), 403, MISSING)  # a secret is no factor yet
    assert (await begun.post(f"{TOTP_PATH}/confirm", {"code": app()})).status_code == 200
    admin = await refreshed(begun)
    assert (await admin.get(USERS)).status_code == 200
    login = {"email": root.email, "password": PASSWORD}
    asked = problem(await root.client.post("/api/v1/auth/login", json=login), 401, "second_factor_required")
    challenge = asked["second_factor"]["challenge"]
    signed_in = await root.client.post(FACTOR, json={"challenge": challenge, "code": app()})
    root.client.cookies.clear()
    assert (await Person(root.client, root.email, signed_in.json()).get(USERS)).status_code == 200
    assert (await admin.post(f"{TOTP_PATH}/off", PROOF)).status_code == 204
    await signed_out(admin, clock)


async def test_a_passkey_is_one(root: Person, services: Services, clock: Clock) -> None:
    """It verifies its owner by itself. While he has another one, he stays what he is."""
    async with services.database.connection() as db:
        columns = "user_id, credential_id, public_key, sign_count, name"
        for number in "12":
            add = f"INSERT INTO passkeys ({columns}) VALUES (%s, %s, '2', 0, 'Key')"
            await execute(db, add, (UUID(root.id), number.encode()))
    admin = await refreshed(root)
    first, second = [passkey["id"] for passkey in (await admin.get(PASSKEYS)).json()["items"]]
    assert (await admin.post(f"{PASSKEYS}/{first}/remove", PROOF)).status_code == 204
    clock.offset += 1
    assert (await admin.get(USERS)).status_code == 200
    assert (await admin.post(f"{PASSKEYS}/{second}/remove", PROOF)).status_code == 204
    await signed_out(admin, clock)


async def test_of_others_nothing_ends(ada: Person, clock: Clock) -> None:
    """Who is no administrator loses nothing with his second factor."""
    app = app_of((await ada.post(TOTP_PATH, PROOF)).json()["secret"], clock)
    await ada.post(f"{TOTP_PATH}/confirm", {"code": app()})
    assert (await ada.post(f"{TOTP_PATH}/off", PROOF)).status_code == 204
    clock.offset += 1
    assert (await ada.get("/api/v1/auth/me")).status_code == 200
