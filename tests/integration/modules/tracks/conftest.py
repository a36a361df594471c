"""Videos with sound, and listeners that need no model."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from tests.integration.modules.encoding.stage import Stage

from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.media.binaries import find_binaries
from matinee.media.cells import Cell
from matinee.media.encode import encode_audio
from matinee.media.model import Plan
from matinee.media.plan import make_plan
from matinee.media.probe import probe
from matinee.media.speech.listener import LIMITS, SpeechProgram

_SCRIPT = Path(__file__).with_name("scripted_child.py")


@pytest.fixture
def stage(settings: Settings, database: Database, storage: S3Storage, queue: JobQueue) -> Stage:
    """Videos, and what became of them."""
    return Stage(settings, database, storage, queue)


class Script:
    """A folder that tells the scripted child what to do, and where it notes what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        read = (os.path.realpath(sys.executable), str(_SCRIPT), sys.prefix, sys.base_prefix)
        self.argv = (sys.executable, "-I", "-B", str(_SCRIPT), str(folder))
        limits = msgspec.structs.replace(LIMITS, file_size=1 << 20)  # for its notes
        self.program = SpeechProgram(self.argv, read, scratch=(str(folder),), limits=limits)

    def tell(self, what: str, content: str = "") -> None:
        (self.folder / what).write_text(content)

    def forget(self, what: str) -> None:
        (self.folder / what).unlink()

    @property
    def asked(self) -> list[dict[str, Any]]:
        """The requests so far."""
        notes = self.folder / "asked"
        return [json.loads(line) for line in notes.read_text().splitlines()] if notes.exists() else []

    def alive(self) -> bool:
        """Whether the process that was asked last runs."""
        try:
            os.kill(self.asked[-1]["pid"], 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A listener that hears a word a second."""
    folder = tmp_path / "script"
    folder.mkdir()
    return Script(folder)


class Recording:
    """A film whose sound is encoded already, so that each test puts it on a stage within a second."""

    def __init__(self, plan: Plan, cells: list[Cell]) -> None:
        self.plan = plan
        self.cells = cells

    async def show(self, stage: Stage, owner: UUID, visibility: str = "public") -> str:
        """A READY video of the owner's."""
        text = msgspec.json.encode(self.plan).decode()
        video_id: UUID = await stage.value(_INSERT_VIDEO, owner, visibility, text, float(self.plan.grid.duration))
        count = len(self.cells)
        for cell in self.cells:
            key = keys.cell_key(video_id, self.plan.recipe, cell.rendition, cell.index)
            await stage.storage.put(key, cell.data, "audio/mp4")
        if count:
            name = self.cells[0].rendition
            init = keys.init_key(video_id, self.plan.recipe, name)
            await stage.storage.put(init, self.cells[0].init, "audio/mp4")
            await stage.execute(_INSERT_SOUND, video_id, name, self.plan.recipe, count, count)
        return str(video_id)


_INSERT_VIDEO = """
INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, status, visibility, plan, duration,
    ready_at)
VALUES (%s, 'Sea', 'sea.mp4', 1000, 'video/mp4', 16777216, 'READY', %s, %s::text::jsonb, %s, now()) RETURNING id
"""
_INSERT_SOUND = """
INSERT INTO renditions (video_id, name, recipe, position, cells, stored, bytes, keyframe_bytes, first_cell_at)
VALUES (%s, %s, %s, 0, %s, int4multirange(int4range(0, %s)), 1000, '{}', now())
"""


@pytest.fixture(scope="session")
async def hum(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A sound of 190 seconds: four windows."""
    return await recorded(tmp_path_factory, "sine=300:d=190", "-c:a", "aac", "-b:a", "64k")


@pytest.fixture(scope="session")
async def silent_film(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A picture without sound."""
    options = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
    return await recorded(tmp_path_factory, "testsrc2=s=320x180:r=25:d=2", *options)


async def recorded(tmp_path_factory: pytest.TempPathFactory, source: str, *options: str) -> Recording:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    command = [find_binaries().ffmpeg, "-v", "error", "-f", "lavfi", "-i", source, *options, str(path)]
    subprocess.run(command, check=True, timeout=60, stdin=subprocess.DEVNULL)
    plan = make_plan(await probe(str(path)))
    cells = [cell async for cell in encode_audio(str(path), plan, plan.audio)] if plan.audio else []
    return Recording(plan, cells)
