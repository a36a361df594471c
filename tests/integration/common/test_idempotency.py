"""A request with an `Idempotency-Key` is done once."""

import asyncio

import httpx
import pytest
from tests.integration.conftest import PASSWORD, Person, new_video, problem

from matinee.bootstrap import Services
from matinee.common.http.idempotency import IdempotentRequest, find_answer

REGISTER = "/api/v1/auth/register"


def account(**fields: str) -> dict[str, str]:
    return {"email": "ada@example.org", "password": PASSWORD, "name": "Ada", **fields}


async def test_the_same_request_is_done_once_and_answered_alike(api: httpx.AsyncClient) -> None:
    """The second answer is the stored first one."""
    headers = {"Idempotency-Key": "one"}
    first = await api.post(REGISTER, json=account(), headers=headers)
    again = await api.post(REGISTER, json=account(), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_key_with_another_body_is_refused(api: httpx.AsyncClient) -> None:
    """A key names one request."""
    headers = {"Idempotency-Key": "one"}
    await api.post(REGISTER, json=account(), headers=headers)
    answer = await api.post(REGISTER, json=account(name="Eve"), headers=headers)
    problem(answer, 422, "idempotency_key_reused")


async def test_in_flight_it_is_refused(ada: Person, services: Services) -> None:
    """While another transaction holds the key."""
    held = IdempotentRequest(f"init_upload:{ada.id}", "one", b"")
    async with services.database.transaction() as db:
        await find_answer(db, held)
        answer = await ada.post("/api/v1/videos/init", new_video(), **{"Idempotency-Key": "one"})
    problem(answer, 409, "idempotency_key_in_flight")


async def test_a_refused_request_may_be_tried_again(api: httpx.AsyncClient) -> None:
    """An error rolls back, the key with it."""
    await api.post(REGISTER, json=account())
    headers = {"Idempotency-Key": "one"}
    problem(await api.post(REGISTER, json=account(), headers=headers), 409, "email_taken")
    answer = await api.post(REGISTER, json=account(email="eve@example.org"), headers=headers)
    assert answer.status_code == 201


async def test_two_at_once_make_one_video(ada: Person) -> None:
    """One is done; the other replays it or is told to wait."""
    answers = await asyncio.gather(
        *(ada.post("/api/v1/videos/init", new_video(), **{"Idempotency-Key": "k"}) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await ada.get("/api/v1/videos/mine")).json()["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_malformed_key_is_refused(api: httpx.AsyncClient, key: str) -> None:
    """1 to 255 characters."""
    answer = await api.post(REGISTER, json=account(), headers={"Idempotency-Key": key})
    problem(answer, 422, "invalid_idempotency_key")
