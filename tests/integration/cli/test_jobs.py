"""`matinee jobs` and `matinee workers`, as an operator types them."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import psycopg
import pytest
from tests.forks import matinee
from tests.serving import environment_of
from tests.unit.media.plans import plan, sound

from matinee.common.config import Settings

_ADD_VIDEO = """
WITH owner AS (INSERT INTO users (email, password_hash, name) VALUES ('ada@example.org', '', 'Ada') RETURNING id)
INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, status, plan)
SELECT id, 'Sea', 'sea.mp4', 1, 'video/mp4', 1, 'READY', %s FROM owner RETURNING id
"""
_ADD_RENDITION = "INSERT INTO renditions (video_id, name, recipe, position, cells) VALUES (%s, %s, 'r', %s, 12)"
_ADD_WORKER = """
WITH new AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() + interval '1 hour') RETURNING id)
INSERT INTO job_workers (id, lane, slots, name, host, pid, labels)
SELECT id, 'encode', 2, 'ant', 'hill', 4711, '{big}' FROM new RETURNING id
"""
_ADD_SPEED = """
INSERT INTO encode_speeds (labels, encoder, side, rate, source_side, alone, film, seconds, slow)
VALUES ('{big}', 'libx264', 1080, 30, 2160, true, 40, 50, true)
"""
_ADD_JOB = """
INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, worker_id)
VALUES ('encode', 'encoding.chunk', json_build_object('video_id', %s::text, 'chunk', %s::integer), %s, %s)
"""


class Terminal:
    """A shell with the settings of an installation in which a video is being filled in."""

    def __init__(self, settings: Settings, db: psycopg.Connection[Any]) -> None:
        self._environment = environment_of(settings)
        film = plan(seconds=48, audio=sound())
        self.video_id = str(db.execute(_ADD_VIDEO, [msgspec.json.encode(film).decode()]).fetchall()[0][0])
        for place, rendition in enumerate(film.renditions):
            db.execute(_ADD_RENDITION, [self.video_id, rendition.name, place])
        db.execute(_ADD_SPEED)
        worker = db.execute(_ADD_WORKER).fetchall()[0][0]
        db.execute(_ADD_JOB, [self.video_id, 0, "doing", worker])
        db.execute(_ADD_JOB, [self.video_id, 1, "todo", None])

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        return matinee(*words, env={**os.environ, **self._environment, "COLUMNS": "200"})

    def json(self, *words: str) -> Any:
        ended = self.type(*words, "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)


@pytest.fixture
def terminal(settings: Settings) -> Iterator[Terminal]:
    """Where the commands are typed."""
    with psycopg.connect(settings.database_url, autocommit=True) as db:
        yield Terminal(settings, db)


class TestJobs:
    def test_a_video_tells_why_it_is_not_complete(self, terminal: Terminal) -> None:
        """In lines and a table; as JSON the API's answer."""
        ended = terminal.type("jobs", "list", "--video", terminal.video_id)
        assert ended.returncode == 0, ended.stderr
        for words in ("A worker is at it.", "1 waiting, 1 running", "chunk 1", "waiting, 0 ahead", "ant 4711"):
            assert words in ended.stdout
        found = terminal.json("jobs", "list", "--video", terminal.video_id, "--state", "running")
        assert [(job["part"], job["worker"]["host"]) for job in found["jobs"]] == [("chunk 0", "hill")]

    def test_all_jobs_are_listed_by_state(self, terminal: Terminal) -> None:
        """Those that run first."""
        states = [job["state"] for job in terminal.json("jobs", "list")]
        assert states == ["running", "waiting"]
        assert terminal.json("jobs", "list", "--state", "waiting")[0]["video_id"] == terminal.video_id
        assert terminal.type("jobs", "list", "--state", "failed").stdout == "No such job.\n"

    def test_cancel_retry_and_prioritise(self, terminal: Terminal) -> None:
        """What the API does, for whoever has the database's password."""
        assert terminal.json("jobs", "prioritise", terminal.video_id, "high")["priority"] == "high"
        assert terminal.json("jobs", "cancel", terminal.video_id)["encoding"]["state"] == "cancelled"
        assert terminal.json("jobs", "retry", terminal.video_id)["counts"]["waiting"] > 0

    def test_a_refusal_is_a_sentence(self, terminal: Terminal) -> None:
        """With exit status 1."""
        ended = terminal.type("jobs", "retry", str(uuid4()))
        assert ended.returncode == 1
        assert "There is no such video" in ended.stderr


class TestWorkers:
    def test_they_tell_who_they_are_and_what_they_are_at(self, terminal: Terminal) -> None:
        """By process."""
        (worker,) = terminal.json("workers")
        assert (worker["name"], worker["pid"], worker["labels"], worker["slots"]) == (
            "ant",
            4711,
            ["big"],
            {"encode": 2},
        )
        assert (worker["alive"], worker["running"]) == (True, [f"encoding.chunk {terminal.video_id}"])
        assert worker["speeds"] == ["0.8 × libx264 1080p30 of 2160p"]
        table = terminal.type("workers").stdout
        assert "encoding.chunk" in table
        assert "0.8 × libx264" in table
