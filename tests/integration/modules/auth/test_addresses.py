"""Addresses are verified and changed by the links of letters."""

import httpx
from tests.integration.conftest import PASSWORD, Person, problem
from tests.integration.modules.auth.letters import letters, token_in
from tests.integration.modules.auth.signing_in import AUTH, OTHER, log_in

from matinee.bootstrap import Services


async def test_an_address_is_verified_by_the_letter_to_it(
    ada: Person, api: httpx.AsyncClient, services: Services
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
    ada: Person, api: httpx.AsyncClient, services: Services
) -> None:
    """And the former one is told."""
    await letters(services)
    assert (await ada.post(f"{AUTH}/email", {"email": "new@example.org", "password": PASSWORD})).status_code == 204
    asked, warned = await letters(services)
    assert (asked["To"], warned["To"]) == ("new@example.org", ada.email)
    assert (await ada.get(f"{AUTH}/me")).json()["email"] == ada.email
    assert (await ada.post(f"{AUTH}/email/verify", {"token": token_in(asked)})).status_code == 204
    (told,) = await letters(services)
    assert told["To"] == ada.email
    assert (await log_in(api, "new@example.org", PASSWORD)).status_code == 200
    problem(await log_in(api, ada.email, PASSWORD), 401, "invalid_credentials")


async def test_an_address_that_has_an_account_stays_its(
    ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
) -> None:
    """Only who reads its letters learns that it has one."""
    await letters(services)
    assert (await ada.post(f"{AUTH}/email", {"email": bob.email, "password": PASSWORD})).status_code == 204
    asked, _ = await letters(services)
    problem(await ada.post(f"{AUTH}/email/verify", {"token": token_in(asked)}), 409, "email_taken")


async def test_who_reads_the_letters_of_another_s_account_does_not_own_up_for_him(
    ada: Person, bob: Person, api: httpx.AsyncClient, services: Services
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


async def test_it_needs_the_password(ada: Person) -> None:
    """An open session is not enough."""
    body = {"email": "new@example.org", "password": "not the one"}
    problem(await ada.post(f"{AUTH}/email", body), 403, "wrong_account_password")
