"""What the owner of an account is told by letter."""

import httpx
from tests.integration.conftest import PASSWORD, Person, SignUp, letters_sent, problem, text_of
from tests.integration.modules.auth.letters import letters
from tests.integration.modules.auth.signing_in import AUTH, log_in

from matinee.bootstrap import Services


async def test_of_each_new_device_once(ada: Person, api: httpx.AsyncClient, services: Services) -> None:
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


async def test_of_an_export_and_of_a_deletion(ada: Person, services: Services) -> None:
    """And until when he can keep the account."""
    await letters(services)
    assert (await ada.post("/api/v1/user/export", {"password": PASSWORD})).status_code == 202
    deletion = (await ada.post("/api/v1/user/deletion", {"password": PASSWORD})).json()
    asked, closed = await letters_sent(services)
    assert asked["Subject"] == "All of your account is put into one file"
    assert closed["Subject"] == "Your account is to be deleted"
    assert deletion["erase_at"][:10] in text_of(closed)


async def test_of_what_administrators_do_to_it(ada: Person, bob: Person, sign_up: SignUp, services: Services) -> None:
    """Once each, and nobody else; why it was suspended, words that somebody chose, only to who signs in."""
    admin = await sign_up(role="ADMIN")
    team = (await bob.post("/api/v1/teams", {"name": "Films"})).json()["id"]
    await letters(services)
    account = f"/api/v1/users/{ada.id}"
    suspension, role = {"reason": "Films of others."}, {"role": "ADMIN", "password": PASSWORD}
    for suspended in (account, f"/api/v1/users/{team}"):  # a team has no address
        answer = await admin.client.put(f"{suspended}/suspension", json=suspension, headers=admin.headers)
        assert answer.status_code == 200
        for _ in range(2):
            assert (await admin.delete(f"{suspended}/suspension")).status_code == 200
    for _ in range(2):
        assert (await admin.patch(account, role)).status_code == 200
    deletion = {"json": {"password": PASSWORD}, "headers": admin.headers}
    assert (await admin.client.put(f"{account}/deletion", **deletion)).status_code == 200
    for _ in range(2):
        assert (await admin.delete(f"{account}/deletion")).status_code == 204
    told = await letters_sent(services)
    assert {letter["To"] for letter in told} == {ada.email}
    assert [letter["Subject"] for letter in told] == [
        "Your account was suspended",
        "Your account is no longer suspended",
        "Your account has another role",
        "Your account is to be deleted",
        "Your account is not deleted",
    ]
    assert "Films of others." not in text_of(told[0])
    assert 'the role "administrator"' in text_of(told[2])
