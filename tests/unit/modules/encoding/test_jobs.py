"""The order in which encoding jobs are enqueued."""

from uuid import UUID

import msgspec
from tests.unit.modules.encoding.plans import GERMAN, HIGH, LOW, SOUND, plan

from matinee.modules.encoding.jobs import (
    alternatives_job,
    audio_job,
    chunk_job,
    ingest_job,
    later_jobs,
    needs_of,
    other_sound_jobs,
    viewers_needs,
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


class TestWhatAnEncoderNeeds:
    MADE = plan(LOW, msgspec.structs.replace(HIGH, encoder="h264_nvenc"))

    def test_a_worker_that_has_it(self) -> None:
        """For chunks, which hold all rungs, and for cells of the rungs that it makes."""
        assert needs_of(self.MADE, 0) == {"nvenc"}
        assert viewers_needs(self.MADE, 0) == {"v240": set(), "v480": {"nvenc"}}

    def test_nothing_for_other_codecs(self) -> None:
        """Their encoders are software."""
        job = alternatives_job(VIDEO, 0, needs=needs_of(self.MADE, 0) | {"big"})
        assert job.needs == {"big"}

    def test_the_chunk_s_needs_where_cells_cannot_be_made_one_by_one(self) -> None:
        """There a viewer waits for the whole chunk."""
        source = msgspec.structs.replace(self.MADE.source, seekable=False, width=100, height=100)
        film = msgspec.structs.replace(self.MADE, source=source)
        assert viewers_needs(film, 1) == {"v240": {"nvenc", "big"}, "v480": {"nvenc", "big"}}
