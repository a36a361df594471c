"""Names and sizes as the API meets them: what docs/inputs.md says of them is what `POST videos/init` does."""

from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from tests.integration.conftest import Person, new_video, problem
from tests.integration.media.inputs.case import Case, Refused
from tests.integration.media.inputs.hostile import NAMES
from tests.integration.media.inputs.listed import CASES

TAKEN = [case.title for case in NAMES if not isinstance(case.outcome, Refused)]


def refusal(case: Case) -> Refused | None:
    """What the list says of its announcement."""
    return case.outcome if isinstance(case.outcome, Refused) else case.announced


REFUSED = [(case, refused) for case in CASES if (refused := refusal(case))]


def fields_of(case: Case, refused: Refused) -> dict[str, Any]:
    """What is announced of a file: its name, or that it is empty."""
    return {"filename": case.title} if refused.field == "filename" else {"filesize": 0}


def saved_as(answer: httpx.Response) -> str:
    """The name under which a browser saves an answer (RFC 6266)."""
    plain, _, encoded = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert plain.startswith('attachment; filename="')
    assert plain.endswith('"')
    assert plain.count('"') == 2
    return unquote(encoded, errors="strict")


class TestNames:
    @pytest.mark.parametrize("name", TAKEN, ids=ascii)
    async def test_a_name_comes_back_with_the_file(self, ada: Person, name: str) -> None:
        """It is taken when the file is announced, and the original is saved under it, from the storage as well."""
        video_id = await ada.upload(b"film", filename=name)
        assert (await ada.post(f"/api/v1/videos/complete/{video_id}")).status_code == 200
        answer = await ada.get(f"/playback/{video_id}/downloads/original")
        assert saved_as(answer) == name
        if answer.is_redirect:
            async with httpx.AsyncClient() as storage:
                answer = await storage.get(answer.headers["location"])
            assert saved_as(answer) == name
        assert answer.status_code == 200
        assert answer.content == b"film"

    @pytest.mark.parametrize(("case", "refused"), REFUSED, ids=[ascii(case.title) for case, _ in REFUSED])
    async def test_what_is_refused_never_becomes_a_video(self, ada: Person, case: Case, refused: Refused) -> None:
        """The field is named, and nothing is stored."""
        answer = await ada.post("/api/v1/videos/init", new_video(**fields_of(case, refused)))
        body = problem(answer, 422, "validation_failed")
        assert [fault["path"] for fault in body["errors"]] == [refused.field]
        assert (await ada.get("/api/v1/videos/mine")).json()["items"] == []
