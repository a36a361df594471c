"""Sounds of a video through the API, with a worker that makes them, on real servers."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import m3u8
import pytest
from tests.integration.conftest import Person, problem
from tests.integration.modules.encoding.stage import Stage

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.database import execute, fetch_value
from matinee.common.storage.port import NoSuchObjectError, StorageUnavailable
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.modules.sounds.service import SoundService
from matinee.upkeep import register_upkeep
from matinee.worker import Worker

PATIENCE = 60.0
PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=5", "-t", "6", "-c:v", "libx264", "-preset", "ultrafast"]
BEEP = "aevalsrc='0.5*sin(2*PI*1000*t)*between(t,4.5,4.6)':s=44100"


def made(folder: Path, name: str, *arguments: str) -> bytes:
    """A file by FFmpeg."""
    command = [find_binaries().ffmpeg, "-v", "error", "-y", *arguments, str(folder / name)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    return (folder / name).read_bytes()


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Six seconds of picture with two sounds, and sounds that are added to it."""
    folder = tmp_path_factory.mktemp("sounds")
    tones = [*("-f", "lavfi", "-i", "sine=440:r=48000"), *("-f", "lavfi", "-i", "sine=880:r=48000")]
    named = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]
    mapped = ["-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:a", "libopus", *named]
    film = [*PICTURE[:4], *tones, *mapped, *PICTURE[4:]]
    return {
        "film.mkv": made(folder, "film.mkv", *film),
        "long.mp3": made(folder, "long.mp3", "-f", "lavfi", "-i", "sine=1760:r=44100", "-t", "9"),
        "short.flac": made(folder, "short.flac", "-f", "lavfi", "-i", "sine=1760:r=44100", "-t", "3"),
        "beep.mp3": made(folder, "beep.mp3", "-f", "lavfi", "-i", BEEP, "-t", "6"),
        "text.wav": b"RIFF this is no sound at all" * 20,
    }


@pytest.fixture
async def worker(services: Services, settings: Settings) -> AsyncIterator[None]:
    """A worker in this process."""
    register_upkeep(services)
    working = Worker(settings, services.database, services.storage, services.queue)
    stop, hurry = asyncio.Event(), asyncio.Event()
    running = asyncio.create_task(working.run(stop, hurry))
    yield
    stop.set()
    hurry.set()
    await running


class Studio:
    """A video of Ada's that can be played."""

    def __init__(self, services: Services, owner: Person, video_id: str) -> None:
        self.services, self.owner, self.id = services, owner, video_id
        self.url = f"/api/v1/videos/{video_id}/audio"

    async def until(self, what: Callable[[], Awaitable[bool]]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await what():
                await asyncio.sleep(0.05)

    async def sounds(self) -> list[dict[str, Any]]:
        return list((await self.owner.get(self.url)).json()["items"])

    async def announce(self, filesize: int, **about: Any) -> dict[str, Any]:
        body = {"filename": "sound", "filesize": filesize, "language": "fr", **about}
        answer = await self.owner.post(self.url, body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def add(self, data: bytes, *, ends: str = "ready", **about: Any) -> dict[str, Any]:
        """Uploads a sound and waits for what becomes of it."""
        started = await self.announce(len(data), **about)
        async with httpx.AsyncClient() as storage:
            for part in started["parts"]:
                start = (part["part_number"] - 1) * started["part_size"]
                answer = await storage.put(part["url"], content=data[start : start + part["size"]])
                assert answer.status_code == 200, answer.text
        name = started["sound"]["id"]
        answer = await self.owner.post(f"{self.url}/{name}/complete")
        assert answer.status_code == 200, answer.text

        async def ended() -> bool:
            return any(sound["id"] == name and sound["state"] == ends for sound in await self.sounds())

        await self.until(ended)
        return next(sound for sound in await self.sounds() if sound["id"] == name)

    async def uploads(self) -> list[str]:
        """The keys of what is being uploaded to the storage for it."""
        prefix = keys.sound_key(UUID(self.id), "x").removesuffix("x")
        found: list[str] = []
        async for page in self.services.storage._pages("list_multipart_uploads", Prefix=prefix):
            found += [upload["Key"] for upload in page.get("Uploads", [])]
        return found

    async def until_edition(self, edition: int) -> None:
        """Waits until the video is shown in another way."""

        async def is_shown() -> bool:
            async with self.services.database.connection() as db:
                return bool(
                    await fetch_value(db, "SELECT edition = %s FROM videos WHERE id = %s", (edition, UUID(self.id)))
                )

        await self.until(is_shown)

    async def replace(self, data: bytes) -> None:
        """Gives the video another file."""
        body = {"filename": "film.mkv", "filesize": len(data), "filetype": "video/x-matroska"}
        started = await self.owner.post(f"/api/v1/videos/{self.id}/source", body)
        assert started.status_code == 201, started.text
        new_id = started.json()["video"]["id"]
        part = (await self.owner.get(f"/api/v1/videos/signedurl/{new_id}")).json()["parts"][0]
        async with httpx.AsyncClient() as storage:
            assert (await storage.put(part["url"], content=data)).status_code == 200
        assert (await self.owner.post(f"/api/v1/videos/complete/{new_id}")).status_code == 200

    async def master(self) -> m3u8.M3U8:
        return m3u8.loads((await self.owner.get(f"/playback/{self.id}/master.m3u8")).text)

    async def samples(self, sound: str, folder: Path) -> memoryview:
        """A sound as a player hears it: its playlist, its init segment, its cells; mono at 48 kHz."""
        [media] = [media for media in (await self.master()).media if media.uri.split("/")[1] == sound]
        base = f"/playback/{self.id}/{media.uri.rpartition('/')[0]}"
        playlist = m3u8.loads((await self.owner.get(f"{base}/playlist.m3u8")).text)
        names = ["init.mp4", *(segment.uri for segment in playlist.segments)]
        answers = [await self.owner.get(f"{base}/{name}") for name in names]
        assert {answer.status_code for answer in answers} == {200}
        (folder / "sound.mp4").write_bytes(b"".join(answer.content for answer in answers))
        command = [find_binaries().ffmpeg, "-v", "warning", "-i", str(folder / "sound.mp4")]
        done = subprocess.run([*command, "-ac", "1", "-ar", "48000", "-f", "s16le", "pipe:1"], capture_output=True)
        assert done.stderr == b""
        return memoryview(done.stdout).cast("h")


@pytest.fixture
async def film_id(services: Services, settings: Settings, ada: Person, files: dict[str, bytes]) -> str:
    """A private video of Ada's with an English and a German sound, complete."""
    stage = Stage(settings, services.database, services.storage, services.queue)
    video_id = await stage.complete(files["film.mkv"])
    await stage.execute("UPDATE videos SET owner_id = %s WHERE id = %s", ada.id, video_id)
    return str(video_id)


@pytest.fixture
def studio(services: Services, ada: Person, film_id: str, worker: None) -> Studio:
    """Her video, and a worker."""
    return Studio(services, ada, film_id)


SOUND = {"filename": "sound", "filesize": 1000, "language": "fr"}


async def refuse(*_: object) -> list[str]:
    raise StorageUnavailable


def tone_of(samples: memoryview) -> int:
    """Hertz of a steady tone, to 10."""
    return round(sum((a < 0) != (b < 0) for a, b in pairwise(samples)) / len(samples) * 2400) * 10


class TestList:
    async def test_the_sounds_of_the_file_come_in_its_order(self, studio: Studio) -> None:
        """Each with its language; the first is the default."""
        told = [(s["id"], s["language"], s["default"], s["origin"], s["state"]) for s in await studio.sounds()]
        assert told == [("audio", "en", True, "film", "ready"), ("audio2", "de", False, "film", "ready")]

    async def test_of_a_private_video_others_hear_nothing(self, studio: Studio, bob: Person) -> None:
        """404, as for a video that never was, whatever they ask."""
        new = {"filename": "x", "filesize": 1, "language": "fr"}
        problem(await bob.get(studio.url), 404, "video_not_found")
        problem(await bob.post(studio.url, new), 404, "video_not_found")
        problem(await bob.post(f"{studio.url}/audio2/complete"), 404, "video_not_found")
        problem(await bob.patch(f"{studio.url}/audio2", {"name": "x"}), 404, "video_not_found")
        problem(await bob.delete(f"{studio.url}/audio2"), 404, "video_not_found")

    async def test_what_is_awaited_is_the_owners_affair(self, studio: Studio, bob: Person) -> None:
        """Others see what players are offered."""
        await studio.owner.patch(f"/api/v1/videos/{studio.id}", {"visibility": "public"})
        await studio.announce(1000)
        assert [sound["state"] for sound in await studio.sounds()] == ["ready", "ready", "uploading"]
        assert len((await bob.get(studio.url)).json()["items"]) == 2


class TestAdd:
    async def test_it_plays_beside_the_others(self, studio: Studio, files: dict[str, bytes], tmp_path: Path) -> None:
        """On the video's grid: a longer one is cut; jobs and cells of the others are left alone."""
        before = await _stored(studio.services, studio.id)
        sound = await studio.add(files["long.mp3"], name="Commentaire")
        assert (sound["language"], sound["name"], sound["default"], sound["origin"]) == (
            "fr",
            "Commentaire",
            False,
            "upload",
        )
        assert [media.name for media in (await studio.master()).media] == ["en", "de", "Commentaire"]
        samples = await studio.samples(sound["id"], tmp_path)
        assert tone_of(samples[48_000 : 48_000 * 5]) == 1760
        assert len(samples) / 48_000 == pytest.approx(6, abs=0.05)
        after = await _stored(studio.services, studio.id)
        assert {name: after[name] for name in before} == before

    async def test_a_shorter_one_ends_in_silence(
        self, studio: Studio, files: dict[str, bytes], tmp_path: Path
    ) -> None:
        sound = await studio.add(files["short.flac"])
        samples = await studio.samples(sound["id"], tmp_path)
        assert len(samples) / 48_000 == pytest.approx(6, abs=0.05)
        assert tone_of(samples[48_000 : 48_000 * 2]) == 1760
        assert max(samples[48_000 * 4 :]) < 50

    async def test_it_is_in_sync_with_the_picture(
        self, studio: Studio, files: dict[str, bytes], tmp_path: Path
    ) -> None:
        """A beep is heard when its file has it, though the encoder of the file delays it."""
        sound = await studio.add(files["beep.mp3"])
        samples = await studio.samples(sound["id"], tmp_path)
        begins = next(at for at, value in enumerate(samples) if abs(value) > 4000) / 48_000
        assert begins == pytest.approx(4.5, abs=0.01)

    async def test_the_default_is_taken_from_another(self, studio: Studio, files: dict[str, bytes]) -> None:
        sound = await studio.add(files["short.flac"], default=True)
        assert [(s["id"], s["default"]) for s in await studio.sounds()] == [
            (sound["id"], True),
            ("audio", False),
            ("audio2", False),
        ]
        assert [media.default for media in (await studio.master()).media] == ["YES", "NO", "NO"]

    async def test_a_file_of_no_use_says_why(self, studio: Studio, files: dict[str, bytes]) -> None:
        """It is the sound's fault, not the video's, and it can be deleted."""
        sound = await studio.add(files["text.wav"], ends="failed")
        assert sound["failure"]["code"] == "not_a_video"
        video = (await studio.owner.get(f"/api/v1/videos/{studio.id}")).json()
        assert (video["status"], video["encoding"]["state"]) == ("READY", "complete")
        assert (await studio.owner.delete(f"{studio.url}/{sound['id']}")).status_code == 204

    async def test_an_incomplete_upload_is_told(self, studio: Studio) -> None:
        started = await studio.announce(1000)
        answer = await studio.owner.post(f"{studio.url}/{started['sound']['id']}/complete")
        problem(answer, 409, "parts_missing")

    async def test_a_video_that_cannot_be_played_gets_none(self, ada: Person) -> None:
        video_id = (await ada.init())["video"]["id"]
        new = {"filename": "x", "filesize": 1, "language": "fr"}
        problem(await ada.post(f"/api/v1/videos/{video_id}/audio", new), 409, "video_not_playable")

    async def test_an_upload_that_nobody_finishes_is_dropped(self, studio: Studio) -> None:
        """With its parts."""
        started = await studio.announce(1000)
        async with studio.services.database.connection() as db:
            await execute(db, "UPDATE added_sounds SET updated_at = now() - interval '2 hours'")
        assert await studio.uploads() == [keys.sound_key(UUID(studio.id), started["sound"]["id"])]
        await studio.services.sounds.abandon(upload_hours=1, failed_days=1)

        async def dropped() -> bool:
            return await studio.uploads() == []

        await studio.until(dropped)
        assert len(await studio.sounds()) == 2

    async def test_an_upload_that_cannot_begin_leaves_nothing(
        self, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither a sound nor parts in the storage."""
        monkeypatch.setattr(S3Storage, "part_urls", refuse)
        problem(await studio.owner.post(studio.url, SOUND), 503, "storage_unavailable")
        assert len(await studio.sounds()) == 2

        async def dropped() -> bool:
            return await studio.uploads() == []

        await studio.until(dropped)

    async def test_what_a_crash_left_is_dropped_by_the_clock(
        self, studio: Studio, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A process that died as soon as the upload had begun has cleared nothing away, and told nobody its id."""

        async def nothing(*_: object) -> None:
            pass

        monkeypatch.setattr(S3Storage, "part_urls", refuse)
        monkeypatch.setattr(SoundService, "_withdraw", nothing)
        problem(await studio.owner.post(studio.url, SOUND), 503, "storage_unavailable")
        [left] = [sound for sound in await studio.sounds() if sound["state"] == "uploading"]
        assert await studio.uploads() == [keys.sound_key(UUID(studio.id), left["id"])]
        problem(await studio.owner.post(f"{studio.url}/{left['id']}/complete"), 409, "sound_not_uploaded")
        async with studio.services.database.connection() as db:
            await execute(db, "UPDATE added_sounds SET updated_at = now() - interval '2 hours'")
        await studio.services.sounds.abandon(upload_hours=1, failed_days=1)

        async def dropped() -> bool:
            return await studio.uploads() == []

        await studio.until(dropped)
        assert len(await studio.sounds()) == 2


class TestChange:
    async def test_what_is_said_changes_and_no_cell(self, studio: Studio) -> None:
        """Language, name and default; the init segments stay what they are."""
        before = await _stored(studio.services, studio.id)
        change = {"language": "de-AT", "name": "Wienerisch", "default": True}
        answer = await studio.owner.patch(f"{studio.url}/audio2", change)
        assert answer.status_code == 200, answer.text
        assert (answer.json()["language"], answer.json()["default"]) == ("de-AT", True)
        media = (await studio.master()).media
        assert [(m.name, m.language, m.default) for m in media] == [
            ("Wienerisch", "de-AT", "YES"),
            ("en", "en", "NO"),
        ]
        assert await _stored(studio.services, studio.id) == before

    async def test_one_stays_the_default(self, studio: Studio) -> None:
        problem(await studio.owner.patch(f"{studio.url}/audio", {"default": False}), 409, "default_sound")
        problem(await studio.owner.patch(f"{studio.url}/audio9", {"name": "x"}), 404, "no_such_sound")


class TestDelete:
    async def test_it_is_gone_for_players_and_from_the_storage(self, studio: Studio) -> None:
        """Playlists, cells, objects; the progress of the others is as before. The only one stays."""
        plan = "SELECT plan ->> 'recipe' FROM videos WHERE id = %s"
        async with studio.services.database.connection() as db:
            recipe = await fetch_value(db, plan, (studio.id,))
        assert (await studio.owner.delete(f"{studio.url}/audio")).status_code == 204
        assert [media.name for media in (await studio.master()).media] == ["de"]
        cell = f"/playback/{studio.id}/{recipe}/audio/0.m4s"

        async def unknown() -> bool:  # what was read of a cell holds for a second
            return (await studio.owner.get(cell)).status_code == 404

        async def removed() -> bool:
            try:
                await studio.services.storage.size(keys.cell_key(UUID(studio.id), recipe, "audio", 0))
            except NoSuchObjectError:
                return True
            return False

        await studio.until(unknown)
        await studio.until(removed)
        video = (await studio.owner.get(f"/api/v1/videos/{studio.id}")).json()
        assert [r["name"] for r in video["encoding"]["renditions"]] == ["v180", "audio2"]
        assert video["encoding"]["state"] == "complete"
        problem(await studio.owner.delete(f"{studio.url}/audio2"), 409, "last_sound")


async def _stored(services: Services, video_id: str) -> dict[str, list[str]]:
    """By rendition, which cells exist, and the hash of the init segment."""
    query = "SELECT json_object_agg(name, ARRAY[stored::text, encode(init_hash, 'hex')])::text FROM renditions"
    async with services.database.connection() as db:
        text = await fetch_value(db, f"{query} WHERE video_id = %s", (video_id,))
    return dict(json.loads(text))


class TestAnotherPicture:
    async def test_an_added_sound_goes_on_to_it(
        self, studio: Studio, files: dict[str, bytes], tmp_path: Path
    ) -> None:
        """To another file as it was, with its name and place; to a part in time with its picture, and back again."""
        sound = await studio.add(files["beep.mp3"], name="Beep", default=True)

        async def begins() -> float:
            samples = await studio.samples(sound["id"], tmp_path)
            return next(at for at, value in enumerate(samples) if abs(value) > 4000) / 48_000

        await studio.replace(files["film.mkv"])
        await studio.until_edition(2)
        first = (await studio.sounds())[0]
        assert (first["id"], first["name"], first["default"]) == (sound["id"], "Beep", True)
        assert len(await studio.sounds()) == 3
        assert await begins() == pytest.approx(4.5, abs=0.01)
        trim = f"/api/v1/videos/{studio.id}/trim"
        answer = await studio.owner.post(trim, {"start": 1.2, "end": 6})
        assert answer.status_code == 202, answer.text
        await studio.until_edition(3)
        assert await begins() == pytest.approx(3.3, abs=0.01)
        later = await studio.add(files["beep.mp3"])
        answer = await studio.owner.client.delete(trim, headers=studio.owner.headers)
        assert answer.status_code == 202, answer.text
        await studio.until_edition(4)
        assert await begins() == pytest.approx(4.5, abs=0.01)
        assert [item["id"] for item in await studio.sounds()] == [sound["id"], "audio", "audio2", later["id"]]
        samples = await studio.samples(later["id"], tmp_path)
        assert next(at for at, value in enumerate(samples) if abs(value) > 4000) / 48_000 == pytest.approx(
            5.7, abs=0.01
        )

    async def test_a_deleted_one_does_not_come_back(self, studio: Studio, files: dict[str, bytes]) -> None:
        """What its owner took away stays away."""
        sound = await studio.add(files["beep.mp3"])
        answer = await studio.owner.client.delete(f"{studio.url}/{sound['id']}", headers=studio.owner.headers)
        assert answer.status_code == 204
        await studio.replace(files["film.mkv"])
        await studio.until_edition(2)
        assert [item["id"] for item in await studio.sounds()] == ["audio", "audio2"]
