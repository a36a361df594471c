"""Anything may be killed at any point: the video ends READY, with the same bytes as when nothing happened."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from tests.e2e.installation import Installation, make_film, until

from matinee.embedded.postgres import EmbeddedPostgres
from matinee.media.plan import RECIPE

# Fractions of an undisturbed encode at which something is killed.
MOMENTS = (0.02, 0.08, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.8, 0.95)
VICTIMS = ("worker", "postgres", "serve")


@pytest.mark.slow
class TestKilling:
    def test_ten_kills_in_one_encode_change_no_byte(self, tmp_path: Path) -> None:
        """Worker, PostgreSQL and API in turn, ten times, each at another moment of the encode."""
        film = make_film(tmp_path / "film.mp4", seconds=24, size="640x360")
        with Installation(tmp_path / "installation") as installation:
            installation.start("serve", "worker")
            installation.sign_up()
            undisturbed = installation.upload(film)
            expected_video = installation.until_encoded(undisturbed)
            expected = dict(installation.cells(undisturbed))
            video_id = installation.upload(film)
            for number, moment in enumerate(MOMENTS):
                until(lambda moment=moment: share(installation, video_id) >= moment)
                victim = VICTIMS[number % len(VICTIMS)]
                installation.kill(victim)
                installation.restart(victim)
                until(installation.is_ready)
            video = installation.until_encoded(video_id)
            assert dict(installation.cells(video_id)) == expected
            assert video["duration"] == expected_video["duration"]
            assert stuck_jobs(installation.postgres) == 0


class TestApiKilled:
    def test_an_upload_goes_on_after_the_api_was_killed(self, tmp_path: Path, film: Path) -> None:
        """The parts are in the storage, the row in PostgreSQL: nothing is in the process."""
        with Installation(tmp_path) as installation:
            installation.start("serve")
            installation.sign_up()
            data = film.read_bytes()
            body = {"title": "x", "filename": "x.mp4", "filesize": len(data), "filetype": "video/mp4"}
            post, headers = installation.client.post, installation.headers
            video_id = post("/api/v1/videos/init", json=body, headers=headers).json()["video"]["id"]
            sign = f"/api/v1/videos/signedurl/{video_id}"
            part = installation.client.get(sign, headers=headers).json()["parts"][0]
            httpx.put(part["url"], content=data).raise_for_status()
            installation.kill("serve")
            installation.restart("serve")
            assert installation.client.get(sign, headers=headers).json()["uploaded"][0]["size"] == len(data)
            assert post(f"/api/v1/videos/complete/{video_id}", json={}, headers=headers).status_code == 200


class TestGracefulShutdown:
    def test_a_request_in_flight_finishes(self, tmp_path: Path, film: Path) -> None:
        """SIGTERM while a cell is being waited for: the answer still comes, then the process ends with 0."""
        settings = {"CELL_WAIT_SECONDS": "3", "METRICS": "true"}
        with Installation(tmp_path, **settings) as installation, ThreadPoolExecutor() as pool:
            installation.start("serve", "worker")
            installation.sign_up()
            video_id = installation.upload(film, visibility="public")
            until(lambda: installation.video(video_id)["status"] == "READY")
            installation.kill("worker")
            rendition = installation.video(video_id)["encoding"]["renditions"][0]
            missing = f"/playback/{video_id}/{RECIPE}/{rendition['name']}/{rendition['cells'] - 1}.m4s"
            waiting = pool.submit(installation.client.get, missing)
            # the request that asks is one, the one that waits for its cell the other
            until(lambda: "matinee_requests_in_flight 2.0" in metrics(installation) or waiting.done())
            code = pool.submit(installation.stop, "serve")
            assert waiting.result(30).status_code in {200, 503}
            assert code.result(30) == 0


def metrics(installation: Installation) -> str:
    """What Prometheus reads."""
    return installation.client.get("/metrics").text


def share(installation: Installation, video_id: str) -> float:
    """How much of the ladder exists, 0 to 1."""
    try:
        encoding = installation.video(video_id)["encoding"]
    except httpx.HTTPError:
        return 0.0
    return float(encoding["percent"]) / 100 if encoding else 0.0


def stuck_jobs(postgres: EmbeddedPostgres) -> int:
    """Jobs of the encode that neither finished nor wait for the clock."""
    import psycopg

    with psycopg.connect(postgres.endpoint.dsn) as connection:
        row = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE queue_name <> 'upkeep' AND status IN ('todo', 'doing')"
        ).fetchone()
    return int(row[0]) if row else -1
