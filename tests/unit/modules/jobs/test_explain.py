"""Why a video is not complete, in a word and a sentence."""

from datetime import UTC, datetime

import msgspec

from matinee.modules.encoding.schemas import Encoding, State
from matinee.modules.jobs.rules import Kind, explain
from matinee.modules.jobs.schemas import Job, JobError, JobState, JobWorker, Why

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANYBODY = [Kind("encode", [])]


def encoding(state: State = "running") -> Encoding:
    """How far a video is."""
    return Encoding(state=state, percent=10.0, seconds_left=None, waiting_for=None, renditions=[], notes=[])


def job(state: JobState, *, ahead: int = 0, needs: list[str] | None = None, alive: bool = True) -> Job:
    """A chunk's job."""
    worker = JobWorker(name=None, host=None, pid=None, labels=[], seen_at=NOW, alive=alive)
    error = JobError(failed_at=NOW, attempt=1, detail="The storage was away.", worker=None, evidence=None)
    return Job(
        id=1,
        video_id=None,
        kind="encoding.chunk",
        part=None,
        lane="encode",
        needs=needs or [],
        state=state,
        ahead=ahead if state == "waiting" else None,
        attempts=0,
        next_try_at=None,
        worker=worker if state == "running" else None,
        error=error if state == "delayed" else None,
    )


def why(*jobs: Job, kinds: list[Kind] | None = None, state: State = "running") -> Why:
    """Why a READY video in that state is not complete."""
    reason = explain("READY", None, encoding(state), jobs, ANYBODY if kinds is None else kinds)
    assert reason is not None
    return reason


class TestExplain:
    def test_a_complete_video_has_no_reason(self) -> None:
        """Whatever jobs there still are."""
        assert explain("READY", None, encoding("complete"), [job("waiting")], []) is None

    def test_a_failure_is_told_in_its_own_words(self) -> None:
        """With what can be done about it."""
        reason = explain("FAILED", "This is not a video.", None, [], [])
        assert reason is not None
        assert (reason.code, reason.detail) == (
            "failed", "This is not a video. It can be tried again by a retry.",
        )  # fmt: skip

    def test_what_has_not_begun_yet_has_not_failed(self) -> None:
        """A job that is to begin later says so."""
        begins = msgspec.structs.replace(job("delayed"), error=None)
        assert why(begins) == Why(code="delayed", detail="It begins soon.")

    def test_what_runs_counts_before_what_waits(self) -> None:
        """One living worker is enough; a dead one is told."""
        assert why(job("running"), job("waiting")).code == "running"
        assert why(job("running", alive=False), job("waiting")).code == "worker_lost"

    def test_a_waiting_job_tells_how_many_go_before_it(self) -> None:
        """And that it is the next one where none does."""
        assert why(job("waiting", ahead=1200)).detail == "It waits for a worker; 1,200 jobs go before it."
        assert why(job("waiting")).detail == "It is the next that a worker takes."

    def test_a_job_that_nobody_alive_can_do_says_what_is_missing(self) -> None:
        """No worker of the lane, or none with its labels."""
        assert why(job("waiting"), kinds=[Kind("ingest", [])]).code == "no_worker"
        missing = why(job("waiting", needs=["big"]), kinds=[Kind("encode", ["gpu"])])
        assert (missing.code, missing.detail) == (
            "no_capable_worker", "It waits for a worker labelled big; none is alive.",
        )  # fmt: skip
        assert why(job("waiting", needs=["big"]), kinds=[Kind("encode", ["big", "gpu"])]).code == "queued"

    def test_a_delayed_job_says_what_went_wrong(self) -> None:
        """In the words of its last error."""
        assert why(job("delayed")).detail == "The storage was away. It is tried again soon."

    def test_without_a_job_it_says_so(self) -> None:
        """Then only a retry helps. Failed jobs make nothing."""
        assert why().code == "idle"
        assert why(job("failed")).code == "idle"

    def test_stopped_and_resting_are_no_waiting(self) -> None:
        """Nothing more is made by itself."""
        assert why(state="cancelled").code == "cancelled"
        assert why(state="resting").code == "resting"

    def test_an_upload_comes_first(self) -> None:
        """Before the file is there, nothing can be made of it."""
        reason = explain("UPLOADING", None, None, [], [])
        assert reason is not None
        assert reason.code == "upload_unfinished"
