"""What people say of themselves."""

import httpx
import pytest
from tests.integration.conftest import Person, problem

PROFILE = "/api/v1/user/profile"


async def test_it_changes_what_is_sent_alone(ada: Person) -> None:
    """Fields left out stay."""
    answer = await ada.patch(PROFILE, {"bio": "Films the sea.\nDaily."})
    assert answer.status_code == 200
    assert (answer.json()["name"], answer.json()["bio"]) == ("Ada", "Films the sea.\nDaily.")
    assert (await ada.get(PROFILE)).json() == answer.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("name", "a\nb"),
        ("name", None),
        ("name", 7),
        ("bio", "x" * 501),
        ("bio", "a\x00b"),
        ("bio", None),
        ("role", "ADMIN"),
        ("email", "eve@example.org"),
        ("id", "00000000-0000-0000-0000-000000000000"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_changes(ada: Person, field: str, value: object) -> None:
    """Also one that is not theirs to change."""
    before = (await ada.get(PROFILE)).json()
    answer = await ada.patch(PROFILE, {"bio": "New.", "name": "New", field: value})
    assert [fault["path"] for fault in problem(answer, 422, "validation_failed")["errors"]] == [field]
    assert (await ada.get(PROFILE)).json() == before


async def test_strangers_have_none(api: httpx.AsyncClient) -> None:
    """Neither to read nor to change."""
    problem(await api.get(PROFILE), 401, "unauthenticated")
    problem(await api.patch(PROFILE, json={"name": "Eve"}), 401, "unauthenticated")
