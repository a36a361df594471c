"""What is said in a video, read through the API."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import msgspec
import pytest
from tests.integration.conftest import Person, problem
from tests.unit.media.plans import plan

from matinee.bootstrap import Services
from matinee.common.database import execute

Publish = Callable[..., Awaitable[str]]

CUES = "WEBVTT\n\n" + "".join(
    f"00:00:{n:02}.000 --> 00:00:{n + 1:02}.000\n{text}\n\n"
    for n, text in enumerate(["Hello <i>there</i>,\nAda &amp; Bob.", "The sea was calm.", "Bye."])
)
_READY = "UPDATE videos SET status = 'READY', ready_at = now(), plan = %s::text::jsonb WHERE id = %s"


@pytest.fixture
def publish(services: Services, ada: Person) -> Publish:
    """A video of Ada's that can be played, with tracks by language."""

    async def make(*languages: str, visibility: str = "public", **about: Any) -> str:
        video_id = str((await ada.init(visibility=visibility))["video"]["id"])
        async with services.database.connection() as db:
            await execute(db, _READY, (msgspec.json.encode(plan(seconds=12)).decode(), video_id))
        for language in languages:
            text = CUES.replace("Bye", f"Bye in {language}")
            answer = await ada.client.post(
                f"/api/v1/videos/{video_id}/captions",
                params={"language": language, **about},
                content=text,
                headers={**ada.headers, "Content-Type": "text/vtt"},
            )
            assert answer.status_code == 201, answer.text
        return video_id

    return make


def url(video_id: str, form: str = "") -> str:
    return f"/api/v1/videos/{video_id}/transcript{form}"


class TestTranscript:
    async def test_lines_with_times(self, ada: Person, publish: Publish) -> None:
        """Plain text, each on a line of its own, to everybody who may watch."""
        answer = await ada.client.get(url(await publish("en")))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["language"], found["machine_made"], found["next_after"]) == ("en", False, None)
        assert found["items"][:2] == [
            {"start": 0.0, "end": 1.0, "text": "Hello there, Ada & Bob."},
            {"start": 1.0, "end": 2.0, "text": "The sea was calm."},
        ]

    async def test_by_pages(self, ada: Person, publish: Publish) -> None:
        """Each goes on behind the one before."""
        path = url(await publish("en"))
        first = (await ada.client.get(path, params={"limit": 2})).json()
        assert (len(first["items"]), first["next_after"]) == (2, 2)
        rest = (await ada.client.get(path, params={"limit": 2, "after": 2})).json()
        assert ([line["text"] for line in rest["items"]], rest["next_after"]) == (["Bye in en."], None)
        problem(await ada.client.get(path, params={"limit": 2001}), 422, "validation_failed")

    async def test_in_a_language(self, ada: Person, publish: Publish) -> None:
        """Or a variety of it; another is not there."""
        path = url(await publish("en", "pt-BR", "pt-PT"))
        for asked, given in (("EN", "en"), ("pt-PT", "pt-PT"), ("pt", "pt-BR"), (None, "en")):
            found = (await ada.client.get(path, params={"language": asked} if asked else {})).json()
            assert found["language"] == given, asked
        problem(await ada.client.get(path, params={"language": "de"}), 404, "no_transcript")

    async def test_as_plain_text(self, ada: Person, publish: Publish) -> None:
        """A line a cue; whoever has it is told so."""
        path = url(await publish("en"), ".txt")
        answer = await ada.client.get(path)
        assert answer.text == "Hello there, Ada & Bob.\nThe sea was calm.\nBye in en.\n"
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        again = await ada.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304

    async def test_what_players_do_not_show_is_no_transcript(self, ada: Person, publish: Publish) -> None:
        """Chapters and data for programs."""
        for path in (url(await publish("en", kind="metadata")), url(await publish())):
            problem(await ada.client.get(path), 404, "no_transcript")

    @pytest.mark.parametrize("form", ["", ".txt"])
    async def test_of_a_private_video_its_owner_alone_reads_it(
        self, ada: Person, bob: Person, publish: Publish, form: str
    ) -> None:
        """Others get the answer for a video that never was."""
        path = url(await publish("en", visibility="private"), form)
        mine: httpx.Response = await ada.get(path)
        assert mine.status_code == 200
        if form:
            assert "private" in mine.headers["cache-control"]
        problem(await bob.get(path), 404, "video_not_found")
        problem(await ada.client.get(path), 404, "video_not_found")

    async def test_of_a_video_that_cannot_be_played(self, ada: Person) -> None:
        """Not yet."""
        video_id = (await ada.init(visibility="public"))["video"]["id"]
        problem(await ada.get(url(video_id)), 409, "video_not_playable")
