"""The order in which encoding jobs are enqueued."""

from uuid import UUID

import msgspec
from tests.unit.modules.encoding.plans import GERMAN, LOW, SOUND, plan

from matinee.modules.encoding.jobs import (
    audio_job,
    chunk_job,
    ingest_job,
    later_jobs,
    needs_of,
    other_sound_jobs,
)

VIDEO = UUID(int=1)


class TestChunkJobs:
    def test_the_earliest_come_first(self) -> None:
        """Priorities fall with time."""
        priorities = [job.priority for job in later_jobs(VIDEO, plan(LOW))]
        assert priorities == [-1, -2, -3]

    def test_a_wanted_one_comes_before_all(self) -> None:
        """Even the last chunk, when somebody waits for it, goes before another video's first."""
        assert chunk_job(VIDEO, 900, wanted=True).priority > chunk_job(VIDEO, 0).priority

    def test_each_is_unique_in_its_video(self) -> None:
        """The wanted and the background job of a chunk are the same job."""
        assert chunk_job(VIDEO, 2, wanted=True).unique == chunk_job(VIDEO, 2).unique
        assert chunk_job(VIDEO, 2).unique != chunk_job(VIDEO, 3).unique

    def test_sound_alone_has_none(self) -> None:
        """There is no picture to be made."""
        assert later_jobs(VIDEO, plan()) == []


class TestOtherSounds:
    def test_each_is_a_job_of_its_own_behind_the_first(self) -> None:
        """They take no slot of the lane in which videos wait to become playable."""
        made = plan(LOW, sounds=(SOUND, GERMAN))
        [job] = other_sound_jobs(VIDEO, made)
        assert (job.lane, job.args["rendition"]) == ("encode", "audio2")
        assert job.unique != audio_job(VIDEO, "audio", first=True).unique
        assert job.priority > chunk_job(VIDEO, 0).priority

    def test_one_that_is_listened_to_goes_first(self) -> None:
        """Somebody chose it and waits."""
        assert audio_job(VIDEO, "audio2", first=False, wanted=True).priority > chunk_job(VIDEO, 0).priority + 100


class TestNeeds:
    def test_from_so_many_pixels_on_a_worker_must_be_big(self) -> None:
        """Unless nothing is said of it."""
        film = plan(LOW)
        film = msgspec.structs.replace(film, source=msgspec.structs.replace(film.source, width=400, height=100))
        assert needs_of(film, 40_000) == {"big"}
        assert needs_of(film, 40_001) == frozenset()
        assert needs_of(film, 0) == frozenset()


class TestIngestLane:
    def test_a_begun_video_goes_before_a_new_one(self) -> None:
        """The sound that makes one video playable is not kept waiting by the next video's ingest."""
        assert audio_job(VIDEO, "audio", first=True).priority > ingest_job(VIDEO).priority
