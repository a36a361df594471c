"""Captions by machine through the API and the worker; a real child process listens, by a script."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import pytest
from tests.integration.conftest import Person, client_of, problem
from tests.integration.modules.encoding.stage import PATIENCE, Stage, WorkerProcess
from tests.integration.modules.tracks.conftest import Recording, Script

from matinee.app import create_app
from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys

Made = Callable[[Recording], Awaitable[str]]

_WORDS = "SELECT count(*) FROM heard_windows"
_WORKER = """
import asyncio, sys
import msgspec
from matinee.bootstrap import open_services
from matinee.common.environment import load_settings
from matinee.common.logging import configure_logging
from matinee.media.speech.listener import SpeechProgram
from matinee.worker import Worker, work_until_signalled

async def main():
    settings = load_settings()
    configure_logging(settings.log_level)
    program = msgspec.json.decode(sys.argv[1], type=SpeechProgram)
    async with open_services(settings, name="worker") as services:
        await work_until_signalled(Worker(settings, services.database, services.storage, services.queue, program))

asyncio.run(main())
"""


def url(video_id: str, track_id: str = "") -> str:
    return f"/api/v1/videos/{video_id}/captions" + (f"/{track_id}" if track_id else "")


async def ordered(person: Person, video_id: str, language: str | None = None) -> dict[str, Any]:
    answer = await person.post(f"{url(video_id)}/machine", {"language": language})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def tracks(person: Person, video_id: str) -> list[dict[str, Any]]:
    return list((await person.get(url(video_id))).json()["items"])


async def until_state(stage: Stage, person: Person, video_id: str, state: str) -> dict[str, Any]:
    """The video's only track when it has come to a state."""

    async def reached() -> bool:
        return (await tracks(person, video_id))[0]["state"] == state

    await stage.until(reached)
    return (await tracks(person, video_id))[0]


async def until_asked(stage: Stage, script: Script, count: int) -> None:
    async def reached() -> bool:
        return len(script.asked) >= count

    await stage.until(reached, patience=2 * PATIENCE)  # a whole worker process may have to start first


@pytest.fixture
def ready_video(stage: Stage, ada: Person) -> Made:
    """Makes a READY public video of Ada's, with all of its sound."""

    async def make(recording: Recording) -> str:
        return await recording.show(stage, UUID(ada.id))

    return make


class TestMake:
    async def test_a_machine_made_track(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script, services: Services
    ) -> None:
        """Listed as such, each word once across the windows, and offered to players."""
        video_id = await ready_video(hum)
        track = await ordered(ada, video_id)
        assert (track["state"], track["percent"], track["machine_made"]) == ("making", 0.0, True)
        assert (track["origin"], track["language"], track["cues"]) == ("speech", "und", 0)
        async with stage.working(speech=script.program):
            made = await until_state(stage, ada, video_id, "ready")
        assert (made["language"], made["probability"]) == ("en", 0.75)
        assert (made["name"], made["percent"]) == ("English (auto-generated)", 100.0)
        assert [asked["language"] for asked in script.asked] == [None, "en", "en", "en"]
        assert all(asked["bytes"] < 75 * 32_000 for asked in script.asked)
        lines = (await ada.get(f"/api/v1/videos/{video_id}/transcript")).json()["items"]
        said = " ".join(line["text"] for line in lines).split()
        assert 188 <= len(said) <= 190
        master = (await ada.client.get(f"/playback/{video_id}/master.m3u8")).text
        assert 'NAME="English (auto-generated)",LANGUAGE="en"' in master
        assert 'CHARACTERISTICS="public.machine-generated"' in master
        assert await stage.value(_WORDS) == 0

    async def test_the_declared_language_is_told_and_kept(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script
    ) -> None:
        """With its region, which the model does not know."""
        video_id = await ready_video(hum)
        await ordered(ada, video_id, "EN-gb")
        async with stage.working(speech=script.program):
            made = await until_state(stage, ada, video_id, "ready")
        assert (made["language"], made["name"]) == ("en-GB", "English (GB) (auto-generated)")
        assert {asked["language"] for asked in script.asked} == {"en"}

    async def test_while_it_is_made_its_owner_alone_sees_it(
        self, stage: Stage, ada: Person, bob: Person, ready_video: Made, hum: Recording, script: Script
    ) -> None:
        """With its progress; players do not."""
        video_id = await ready_video(hum)
        script.tell("stall", "3")
        track = await ordered(ada, video_id)
        async with stage.working(speech=script.program):
            await until_asked(stage, script, 3)
            assert [item["percent"] for item in await tracks(ada, video_id)] == [50.0]
            assert await tracks(bob, video_id) == []
            assert "SUBTITLES" not in (await bob.client.get(f"/playback/{video_id}/master.m3u8")).text
            problem(await bob.client.get(track["url"]), 404, "no_such_track")
            problem(await ada.post(f"{url(video_id)}/machine"), 409, "captions_being_made")
            problem(await ada.get(f"{url(video_id, track['id'])}/cues"), 409, "track_not_ready")

    async def test_deleting_it_ends_the_work(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script
    ) -> None:
        """The process dies, and nothing is left of it."""
        video_id = await ready_video(hum)
        script.tell("stall", "2")
        track = await ordered(ada, video_id)
        async with stage.working(speech=script.program):
            await until_asked(stage, script, 2)
            assert (await ada.delete(url(video_id, track["id"]))).status_code == 204

            async def ended() -> bool:
                jobs = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'speech'"
                return not script.alive() and int(await stage.value(jobs)) == 0

            await stage.until(ended)
        assert await stage.value(_WORDS) == 0
        assert await stage.storage.delete_prefix(f"videos/{video_id}/captions/") == 0


class TestKilled:
    async def test_another_worker_goes_on(
        self,
        stage: Stage,
        ada: Person,
        ready_video: Made,
        hum: Recording,
        script: Script,
        settings: Settings,
        tmp_path: Path,
    ) -> None:
        """With the window that was not heard to its end; the child dies with its worker."""
        video_id = await ready_video(hum)
        script.tell("stall", "3")
        await ordered(ada, video_id)
        program = msgspec.json.encode(script.program).decode()
        first = WorkerProcess(settings, tmp_path / "first.log", [sys.executable, "-c", _WORKER, program])
        try:
            await until_asked(stage, script, 3)
        finally:
            first.kill()

        async def gone() -> bool:
            return not script.alive()

        await stage.until(gone)
        script.forget("stall")
        async with stage.working(speech=script.program):
            await until_state(stage, ada, video_id, "ready")
        sizes = [asked["bytes"] for asked in script.asked]
        assert len(sizes) == 5
        assert sizes[2] == sizes[3]
        assert sizes[4] < sizes[3]

    async def test_a_program_that_crashes_is_given_up(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script
    ) -> None:
        """After as many attempts as jobs have; the worker lives, the video plays, and it can be ordered again."""
        video_id = await ready_video(hum)
        script.tell("crash")
        failed = await ordered(ada, video_id)
        async with stage.working(speech=script.program, max_attempts=2):
            track = await until_state(stage, ada, video_id, "failed")
            assert track["failure"]["code"] == "speech_failed"
            assert len(script.asked) == 2
            assert (await stage.failure(UUID(video_id))) == (None, None)
            script.forget("crash")
            again = await ordered(ada, video_id)
            await until_state(stage, ada, video_id, "ready")
        assert [item["id"] for item in await tracks(ada, video_id)] == [again["id"]] != [failed["id"]]


class TestRefuse:
    @pytest.mark.parametrize(("told", "code"), [("refuse", "language_not_heard"), ("silence", "no_speech")])
    async def test_what_cannot_be_heard_fails_at_once(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script, told: str, code: str
    ) -> None:
        """With a code and a sentence, and without another attempt."""
        video_id = await ready_video(hum)
        script.tell(told)
        await ordered(ada, video_id)
        async with stage.working(speech=script.program):
            track = await until_state(stage, ada, video_id, "failed")
        assert track["failure"]["code"] == code
        assert track["failure"]["detail"].endswith(".")
        assert await stage.value("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'speech'") == 0

    async def test_without_a_model(
        self, settings: Settings, storage: S3Storage, ada: Person, ready_video: Made, hum: Recording, tmp_path: Path
    ) -> None:
        """The answer says what to set."""
        video_id = await ready_video(hum)
        without = msgspec.structs.replace(settings, speech_model=tmp_path)
        async with open_services(without, storage=storage) as services, client_of(create_app(services)) as client:
            answer = await client.post(f"{url(video_id)}/machine", json={}, headers=ada.headers)
        assert "MATINEE_SPEECH_MODEL" in problem(answer, 409, "speech_unavailable")["detail"]

    async def test_what_has_no_sound_or_is_not_there(
        self, ada: Person, bob: Person, ready_video: Made, silent_film: Recording
    ) -> None:
        """Nor can a stranger order captions."""
        video_id = await ready_video(silent_film)
        problem(await ada.post(f"{url(video_id)}/machine"), 409, "no_sound")
        problem(await bob.post(f"{url(video_id)}/machine"), 404, "video_not_found")
        unready = (await ada.init())["video"]["id"]
        problem(await ada.post(f"{url(unready)}/machine"), 409, "video_not_playable")
        problem(await ada.post(f"{url(video_id)}/machine", {"language": "not a tag"}), 422, "validation_failed")


class TestEdit:
    @pytest.fixture
    async def made(
        self, stage: Stage, ada: Person, ready_video: Made, hum: Recording, script: Script
    ) -> tuple[str, dict[str, Any]]:
        """A video and what a machine has made of it."""
        video_id = await ready_video(hum)
        await ordered(ada, video_id)
        async with stage.working(speech=script.program):
            return video_id, await until_state(stage, ada, video_id, "ready")

    async def test_the_edited_track_takes_the_place_of_the_old(
        self, ada: Person, made: tuple[str, dict[str, Any]], stage: Stage
    ) -> None:
        """Under a new id, for caches keep the old; and it is a machine's no more."""
        video_id, track = made
        await ada.patch(url(video_id, track["id"]), {"default": True})
        cues = (await ada.get(f"{url(video_id, track['id'])}/cues")).json()
        cues["items"] = [{**cues["items"][0], "text": "Hello <b>there"}, {**cues["items"][1], "settings": "line:0 x"}]
        answer = await put(ada, video_id, track["id"], cues)
        assert answer.status_code == 200, answer.text
        edited = answer.json()
        assert edited["id"] != track["id"]
        assert (edited["machine_made"], edited["origin"], edited["name"]) == (False, "speech", "")
        assert (edited["cues"], edited["default"], edited["created_at"]) == (2, True, track["created_at"])
        file = (await ada.client.get(edited["url"])).text
        assert "Hello <b>there</b>\n" in file
        assert " line:0\n" in file
        assert await tracks(ada, video_id) == [edited]
        assert "public.machine-generated" not in (await ada.client.get(f"/playback/{video_id}/master.m3u8")).text
        problem(await put(ada, video_id, track["id"], cues), 404, "no_such_track")
        removals = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'tracks.remove_file'"
        assert await stage.value(removals) == 1

    async def test_faults_carry_their_places(
        self, ada: Person, bob: Person, made: tuple[str, dict[str, Any]], services: Services
    ) -> None:
        """And nothing is changed or stored."""
        video_id, track = made
        wrong = [{"start": 1, "end": 1, "text": "a"}, {"start": 2, "end": 3, "text": " "}]
        refusal = problem(await put(ada, video_id, track["id"], {"items": wrong}), 422, "invalid_cues")
        assert [fault["path"] for fault in refusal["errors"]] == ["items[0].end", "items[1].text"]
        fine = {"items": [{"start": 1, "end": 2, "text": "a"}]}
        problem(await put(bob, video_id, track["id"], fine), 404, "video_not_found")
        problem(await bob.get(f"{url(video_id, track['id'])}/cues"), 404, "video_not_found")
        assert [item["id"] for item in await tracks(ada, video_id)] == [track["id"]]
        key = keys.captions_key(UUID(video_id), UUID(track["id"]))
        assert await services.storage.size(key) > 0


async def put(person: Person, video_id: str, track_id: str, cues: object) -> httpx.Response:
    return await person.client.put(f"{url(video_id, track_id)}/cues", json=cues, headers=person.headers)
