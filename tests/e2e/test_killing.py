"""Anything may be killed at any point: the video ends READY, with the same bytes as when nothing happened."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from tests.e2e.installation import Installation, make_film, until

from matinee.embedded.postgres import EmbeddedPostgres
from matinee.media.plan import RECIPE

# Fractions of an undisturbed encode at which something is killed.
MOMENTS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
_SHARE = """
SELECT sum((SELECT coalesce(sum(upper(run) - lower(run)), 0) FROM unnest(stored) AS run)) / sum(cells)
FROM renditions WHERE video_id = %s
"""
_STUCK = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name <> 'upkeep' AND status IN ('todo', 'doing')"
VICTIMS = ("worker", "postgres", "serve")


@pytest.fixture(scope="module")
def doomed() -> Iterator[Installation]:
    """One of which nothing runs but its servers: each test starts what it then stops or kills."""
    settings = {"CELL_WAIT_SECONDS": "3", "METRICS": "true", "SHUTDOWN_GRACE_SECONDS": "60"}
    with Installation(**settings) as installation:
        installation.start("serve")
        installation.sign_up()
        installation.stop("serve")
        yield installation


@pytest.mark.soak
class TestKilling:
    def test_ten_kills_in_one_encode_change_no_byte(self, tmp_path: Path) -> None:
        """Worker, PostgreSQL and API in turn, ten times, each at another moment of the encode."""
        film = make_film(tmp_path / "film.mp4", seconds=48, size="640x360")
        with Installation() as installation:
            installation.start("serve", "worker")
            installation.sign_up()
            undisturbed = installation.upload(film)
            expected_video = installation.until_encoded(undisturbed)
            expected = dict(installation.cells(undisturbed))
            video_id = installation.upload(film)
            for number, moment in enumerate(MOMENTS):
                until(lambda moment=moment: share(installation.postgres, video_id) >= moment)
                victim = VICTIMS[number % len(VICTIMS)]
                assert share(installation.postgres, video_id) < 1
                installation.kill(victim)
                installation.restart(victim, wait=False)
            video = installation.until_encoded(video_id)
            assert dict(installation.cells(video_id)) == expected
            assert video["duration"] == expected_video["duration"]
            assert stuck_jobs(installation.postgres) == 0


class TestApiKilled:
    def test_an_upload_goes_on_after_the_api_was_killed(self, doomed: Installation, film: Path) -> None:
        """The parts are in the storage, the row in PostgreSQL: nothing is in the process."""
        doomed.start("serve")
        data = film.read_bytes()
        body = {"title": "x", "filename": "x.mp4", "filesize": len(data), "filetype": "video/mp4"}
        post, headers = doomed.client.post, doomed.headers
        video_id = post("/api/v1/videos/init", json=body, headers=headers).json()["video"]["id"]
        sign = f"/api/v1/videos/signedurl/{video_id}"
        part = doomed.client.get(sign, headers=headers).json()["parts"][0]
        httpx.put(part["url"], content=data).raise_for_status()
        doomed.kill("serve")
        doomed.restart("serve")
        assert doomed.client.get(sign, headers=headers).json()["uploaded"][0]["size"] == len(data)
        assert post(f"/api/v1/videos/complete/{video_id}", json={}, headers=headers).status_code == 200
        doomed.stop("serve")


class TestGracefulShutdown:
    def test_a_request_in_flight_finishes(self, doomed: Installation, film: Path) -> None:
        """SIGTERM while a cell is being waited for: the answer still comes, then the process ends with 0."""
        doomed.start("serve", "worker")
        video_id = doomed.upload(film, visibility="public")
        until(lambda: doomed.video(video_id)["status"] == "READY")
        doomed.kill("worker")
        rendition = doomed.video(video_id)["encoding"]["renditions"][0]
        missing = f"/playback/{video_id}/{RECIPE}/{rendition['name']}/{rendition['cells'] - 1}.m4s"
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(doomed.client.get, missing)
            # the request that asks is one, the one that waits for its cell the other
            until(lambda: "matinee_requests_in_flight 2.0" in metrics(doomed) or waiting.done())
            code = pool.submit(doomed.stop, "serve")
            assert waiting.result(30).status_code in {200, 503}
            assert code.result(30) == 0

    def test_a_stream_of_events_is_ended(self, doomed: Installation) -> None:
        """It would stay open until the process is killed; its client asks another process, or this one later."""
        doomed.start("serve")
        so_far = len(doomed.log("serve").splitlines())
        body = {"title": "Sea", "filename": "sea.mp4", "filesize": 1000, "filetype": "video/mp4"}
        started = doomed.client.post("/api/v1/videos/init", json=body, headers=doomed.headers).json()
        address = f"/api/v1/videos/{started['video']['id']}/events"
        with (
            ThreadPoolExecutor() as pool,
            doomed.client.stream("GET", address, headers=doomed.headers) as answer,
        ):
            chunks = answer.iter_raw()
            assert next(chunks).startswith(b"event: video")
            code = pool.submit(doomed.stop, "serve")
            assert list(chunks) == []  # and not a broken connection
            assert code.result(15) == 0
        lines = [json.loads(line) for line in doomed.log("serve").splitlines()[so_far:]]
        assert not [line for line in lines if line["level"] == "error"]


def metrics(installation: Installation) -> str:
    """What Prometheus reads."""
    return installation.client.get("/metrics").text


def share(postgres: EmbeddedPostgres, video_id: str) -> float:
    """How much of the ladder exists, 0 to 1. Not by the API, which may just have been killed."""
    return float(ask(postgres, _SHARE, video_id) or 0)


def stuck_jobs(postgres: EmbeddedPostgres) -> int:
    """Jobs of the encode that neither finished nor wait for the clock."""
    return int(ask(postgres, _STUCK))


def ask(postgres: EmbeddedPostgres, sql: LiteralString, *values: str) -> Any:
    """The first column of the first row."""
    with psycopg.connect(postgres.endpoint.dsn) as connection:
        row = connection.execute(sql, values).fetchone()
    return row[0] if row else None
