"""A voice that a machine makes, captioned by the model that a package ships: nothing is scripted."""

import io
import re
import wave
from itertools import pairwise
from uuid import UUID

import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.encoding.stage import Stage
from tests.integration.modules.tracks.voice import speak

from matinee.media.captions.break_lines import LINE_WIDTH

SAID = """The fishermen left the harbor before the sun came up. Nobody expected the storm in the afternoon.
After three hours the sky became clear again. They returned to the harbor late in the evening, tired and wet, but all
of them were alive. The next day the captain bought a new radio."""


def spoken_film() -> bytes:
    samples, rate = speak(SAID)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(samples)
    return file.getvalue()


def words(text: str) -> list[str]:
    return re.findall(r"[a-z]+", text.lower())


def distance(one: list[str], other: list[str]) -> int:
    """How many words must be changed, added or left out to make one of the other."""
    row = list(range(len(other) + 1))
    for at, word in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, another in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (word != another))
    return row[-1]


@pytest.mark.slow
class TestHeard:
    async def test_what_is_said_can_be_read(self, stage: Stage, ada: Person) -> None:
        """Most words, at about the time they are said, in lines that fit."""
        async with stage.working():
            video_id = await stage.upload(spoken_film())
            await stage.until_status(video_id, "READY")
            await stage.execute("UPDATE videos SET owner_id = %s WHERE id = %s", UUID(ada.id), video_id)
            path = f"/api/v1/videos/{video_id}/captions"
            assert (await ada.post(f"{path}/machine")).status_code == 202

            async def ended() -> bool:
                return (await ada.get(path)).json()["items"][0]["state"] != "making"

            await stage.until(ended, patience=150)
        (track,) = (await ada.get(path)).json()["items"]
        assert (track["state"], track["language"], track["probability"]) == ("ready", "en", 1.0), track
        lines = (await ada.get(f"/api/v1/videos/{video_id}/transcript")).json()["items"]
        heard = words(" ".join(line["text"] for line in lines))
        assert distance(words(SAID), heard) < 0.25 * len(words(SAID)), heard
        assert all(one["end"] <= other["start"] for one, other in pairwise(lines))
        radio = next(line for line in lines if "radio" in line["text"])
        length = float(await stage.value("SELECT duration FROM videos WHERE id = %s", video_id))
        assert length - 3 < radio["end"] <= length + 0.5
        cues = (await ada.get(f"{path}/{track['id']}/cues")).json()["items"]
        assert all(len(line) <= LINE_WIDTH for cue in cues for line in cue["text"].split("\n"))

    @pytest.mark.soak
    async def test_another_language_is_refused_by_an_english_model(self, stage: Stage, ada: Person) -> None:
        """At once, and the track says why."""
        async with stage.working():
            video_id = await stage.upload(spoken_film())
            await stage.until_status(video_id, "READY")
            await stage.execute("UPDATE videos SET owner_id = %s WHERE id = %s", UUID(ada.id), video_id)
            path = f"/api/v1/videos/{video_id}/captions"
            await ada.post(f"{path}/machine", {"language": "de"})

            async def failed() -> bool:
                return (await ada.get(path)).json()["items"][0]["state"] == "failed"

            await stage.until(failed)
        assert (await ada.get(path)).json()["items"][0]["failure"]["code"] == "language_not_heard"
        problem(await ada.get(f"/api/v1/videos/{video_id}/transcript"), 404, "no_transcript")
