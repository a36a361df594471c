"""Teams with members, and what they hear."""

from typing import Any

from tests.integration.conftest import Person

TEAMS = "/api/v1/teams"


async def refresh(person: Person) -> None:
    """His tokens say to which teams he belongs now."""
    answer = await person.post("/api/v1/auth/refresh", {"refresh_token": person.tokens["refresh_token"]})
    assert answer.status_code == 200, answer.text
    person.tokens = answer.json()
    person.headers = {"Authorization": f"Bearer {person.tokens['access_token']}"}
    person.client.cookies.clear()


async def make_team(owner: Person, name: str = "Harbour Films") -> str:
    """A new team's id."""
    answer = await owner.post(TEAMS, {"name": name})
    assert answer.status_code == 201, answer.text
    await refresh(owner)
    return str(answer.json()["id"])


async def invite(owner: Person, team: str, email: str, role: str = "editor") -> str:
    """An invitation's token."""
    answer = await owner.post(f"{TEAMS}/{team}/invitations", {"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["link"]).partition("#")[2]


async def join(owner: Person, team: str, person: Person, role: str = "editor") -> None:
    """Somebody is a member, and knows."""
    token = await invite(owner, team, person.email, role)
    answer = await person.post("/api/v1/invitations/accept", {"token": token})
    assert answer.status_code == 200, answer.text
    assert answer.json()["role"] == role
    await refresh(person)


async def roles(person: Person, team: str) -> dict[str, Any]:
    """What the members are, by their ids."""
    items = (await person.get(f"{TEAMS}/{team}/members")).json()["items"]
    return {member["id"]: member["role"] for member in items}
