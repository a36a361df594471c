"""What owners and administrators see of the jobs of a video, and what they can do about them."""

from uuid import UUID

import msgspec
import pytest
from tests.integration.conftest import Person, SignUp, problem
from tests.unit.media.plans import plan, sound

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_value
from matinee.modules.encoding.jobs import audio_job, chunk_job, demand_job, fill_job, ingest_job

_INSERT = """
INSERT INTO videos (owner_id, title, filename, filesize, filetype, part_size, status, plan, failure_code,
    failure_detail, encoding_failure)
VALUES (%(owner)s, 'Sea', 'sea.mp4', 1, 'video/mp4', 1, %(status)s,
    CASE WHEN %(status)s <> 'FAILED' THEN %(plan)s::jsonb END,
    CASE WHEN %(status)s = 'FAILED' THEN 'not_a_video' END,
    CASE WHEN %(status)s = 'FAILED' THEN 'This is not a video.' END, %(failure)s)
RETURNING id
"""
_ADD_RENDITION = """
INSERT INTO renditions (video_id, name, recipe, position, cells, stored, first_cell_at)
VALUES (%s, %s, %s, %s, %s, int4multirange(int4range(0, %s)), now())
"""
_DELAY = """
UPDATE procrastinate_jobs SET scheduled_at = now() + interval '1 hour', attempts = 1 WHERE args ->> 'video_id' = %s
"""
_FAIL = "INSERT INTO job_errors SELECT id, now(), 1, 'It went wrong.', 'Traceback', 'ant' FROM procrastinate_jobs"
_WAITING = "SELECT count(*) FROM procrastinate_jobs WHERE args ->> 'video_id' = %s AND status = 'todo'"


class Owned:
    """A video of twelve seconds and its jobs, straight in the database."""

    def __init__(self, services: Services, owner: Person) -> None:
        self.services = services
        self.owner = owner
        self.plan = plan(seconds=48, audio=sound())

    async def make(self, status: str = "READY", *, cells: int = 2, failure: str | None = None) -> str:
        text = msgspec.json.encode(self.plan).decode()
        values = {"owner": self.owner.id, "status": status, "plan": text, "failure": failure}
        async with self.services.database.transaction() as db:
            video_id: UUID = await fetch_value(db, _INSERT, values)
            for place, rendition in enumerate(self.plan.renditions if status != "FAILED" else ()):
                row = (video_id, rendition.name, self.plan.recipe, place, self.plan.grid.cells, cells)
                await execute(db, _ADD_RENDITION, row)
        return str(video_id)

    async def enqueue(self, video_id: str, *chunks: int) -> None:
        jobs = [chunk_job(UUID(video_id), chunk) for chunk in chunks]
        async with self.services.database.transaction() as db:
            await self.services.queue.enqueue_all(db, jobs)

    async def execute(self, sql: str, *params: object) -> None:
        async with self.services.database.connection() as db:
            await execute(db, sql, params)

    async def waiting(self, video_id: str) -> int:
        async with self.services.database.connection() as db:
            return int(await fetch_value(db, _WAITING, (video_id,)))


@pytest.fixture
def owned(services: Services, ada: Person) -> Owned:
    """Videos of Ada's."""
    return Owned(services, ada)


def path(video_id: str, *more: str) -> str:
    return "/".join([f"/api/v1/videos/{video_id}/encoding", *more])


class TestGet:
    async def test_tells_the_jobs_and_how_many_go_before_them(self, owned: Owned, ada: Person, bob: Person) -> None:
        """Of another owner's many jobs one a round goes before."""
        others = Owned(owned.services, bob)
        await others.enqueue(await others.make(), *range(1, 20))
        video_id = await owned.make()
        await owned.enqueue(video_id, 1, 2, 3)
        answer = (await ada.get(path(video_id))).json()
        assert answer["counts"] == {"waiting": 3, "running": 0, "delayed": 0, "failed": 0}
        assert [job["part"] for job in answer["jobs"]] == ["chunk 1", "chunk 2", "chunk 3"]
        places = [job["ahead"] for job in answer["jobs"]]
        assert places in ([0, 2, 4], [1, 3, 5])  # whoever's id comes first
        assert {(job["lane"], job["state"], job["worker"]) for job in answer["jobs"]} == {("encode", "waiting", None)}
        assert answer["why"]["code"] == "no_worker"

    async def test_the_last_error_is_told_and_its_evidence_to_administrators(
        self, owned: Owned, ada: Person, sign_up: SignUp
    ) -> None:
        """With when the job is tried again."""
        video_id = await owned.make()
        await owned.enqueue(video_id, 1)
        await owned.execute(_DELAY, video_id)
        await owned.execute(_FAIL)
        (mine,) = (await ada.get(path(video_id))).json()["jobs"]
        assert (mine["state"], mine["attempts"], mine["error"]["detail"]) == ("delayed", 1, "It went wrong.")
        assert (mine["error"]["evidence"], mine["error"]["worker"]) == (None, None)
        assert mine["next_try_at"] is not None
        admin = await sign_up(role="ADMIN")
        answer = (await admin.get(path(video_id))).json()
        assert answer["jobs"][0]["error"]["evidence"] == "Traceback"
        assert answer["why"] == {"code": "delayed", "detail": "It went wrong. It is tried again soon."}

    async def test_nobody_else_sees_it(self, owned: Owned, bob: Person) -> None:
        """Not even of a public video: another's jobs are his own affair."""
        video_id = await owned.make()
        await owned.execute("UPDATE videos SET visibility = 'public'")
        problem(await bob.get(path(video_id)), 404, "video_not_found")
        for action in ("retry", "cancel"):
            problem(await bob.post(path(video_id, action)), 404, "video_not_found")
        problem(await bob.patch(path(video_id), {"priority": "high"}), 404, "video_not_found")


class TestRetry:
    async def test_a_failed_video_is_processed_again(self, owned: Owned, ada: Person) -> None:
        """Its failure is gone, its file is looked at again."""
        video_id = await owned.make("FAILED")
        answer = (await ada.post(path(video_id, "retry"))).json()
        assert (answer["status"], [job["kind"] for job in answer["jobs"]]) == ("PROCESSING", ["encoding.ingest"])
        assert (await ada.get(f"/api/v1/videos/{video_id}")).json()["failure"] is None
        problem(await ada.post(path(video_id, "retry")), 409, "nothing_to_retry")

    async def test_a_filling_that_failed_goes_on(self, owned: Owned, ada: Person) -> None:
        """Everything that is missing has its job."""
        video_id = await owned.make(failure="The encoder failed.")
        assert (await ada.get(path(video_id))).json()["encoding"]["state"] == "failed"
        answer = (await ada.post(path(video_id, "retry"))).json()
        assert answer["encoding"]["state"] == "running"
        assert answer["counts"]["waiting"] == owned.plan.chunks + 2  # the sound and the poster

    async def test_a_delayed_job_is_tried_at_once(self, owned: Owned, ada: Person) -> None:
        """It waits for a slot alone."""
        video_id = await owned.make()
        await owned.enqueue(video_id, 1)
        await owned.execute(_DELAY, video_id)
        answer = (await ada.post(path(video_id, "retry"))).json()
        assert answer["counts"]["delayed"] == 0

    async def test_lost_jobs_are_made_again(self, owned: Owned, ada: Person) -> None:
        """A video that nobody works at says so, and a retry sees to it."""
        video_id = await owned.make()
        assert (await ada.get(path(video_id))).json()["why"]["code"] == "idle"
        await ada.post(path(video_id, "retry"))
        assert await owned.waiting(video_id) > 0

    async def test_a_fill_that_was_given_up_is_taken_up_again(self, owned: Owned, ada: Person) -> None:
        """With it comes what nothing else enqueues: a look for texts, and trials of the ladder."""
        video_id = await owned.make(failure="The encoder failed.")
        async with owned.services.database.transaction() as db:
            await owned.services.queue.enqueue(db, fill_job(UUID(video_id), 0.0))
        await owned.execute("UPDATE procrastinate_jobs SET status = 'failed'")
        answer = (await ada.post(path(video_id, "retry"))).json()
        assert "encoding.fill" in [job["kind"] for job in answer["jobs"] if job["state"] == "waiting"]

    async def test_what_goes_on_cannot_be_retried(self, owned: Owned, ada: Person) -> None:
        """Neither what waits its turn nor what is complete."""
        video_id = await owned.make()
        await owned.enqueue(video_id, 1)
        problem(await ada.post(path(video_id, "retry")), 409, "nothing_to_retry")
        complete = await owned.make(cells=owned.plan.grid.cells)
        problem(await ada.post(path(complete, "retry")), 409, "nothing_to_retry")


class TestCancel:
    async def test_waiting_jobs_go_and_what_people_wait_for_stays(self, owned: Owned, ada: Person) -> None:
        """The state tells it; the sound is made as a whole, a viewer's cell at once."""
        video_id = await owned.make()
        await owned.enqueue(video_id, 1, 2, 3)
        async with owned.services.database.transaction() as db:
            wanted = demand_job(UUID(video_id), "v240", 0, wanted=True)
            await owned.services.queue.enqueue_all(db, [audio_job(UUID(video_id), "audio", first=True), wanted])
        answer = (await ada.post(path(video_id, "cancel"))).json()
        assert (answer["encoding"]["state"], answer["why"]["code"]) == ("cancelled", "cancelled")
        assert [job["kind"] for job in answer["jobs"]] == ["encoding.demand", "encoding.audio"]
        assert (await ada.post(path(video_id, "cancel"))).status_code == 200
        resumed = (await ada.post(path(video_id, "retry"))).json()
        assert resumed["encoding"]["state"] == "running"

    async def test_nothing_is_left_to_cancel_of_a_complete_video(self, owned: Owned, ada: Person) -> None:
        """Nor of one that has failed, or whose file has not arrived."""
        complete = await owned.make(cells=owned.plan.grid.cells)
        started = (await ada.init())["video"]["id"]
        for video_id in (complete, await owned.make("FAILED"), started):
            problem(await ada.post(path(video_id, "cancel")), 409, "nothing_to_cancel")


class TestPriority:
    async def test_holds_for_what_waits_and_for_what_comes(
        self, owned: Owned, ada: Person, bob: Person, sign_up: SignUp
    ) -> None:
        """High goes before all others, low behind them."""
        others = Owned(owned.services, bob)
        await others.enqueue(await others.make(), 1, 2)
        video_id = await owned.make()
        await owned.enqueue(video_id, 3)
        admin = await sign_up(role="ADMIN")
        answer = (await admin.patch(path(video_id), {"priority": "high"})).json()
        await owned.enqueue(video_id, 4)
        assert answer["priority"] == "high"
        jobs = (await ada.get(path(video_id))).json()["jobs"]
        assert [(job["part"], job["ahead"]) for job in jobs] == [("chunk 3", 0), ("chunk 4", 1)]
        await admin.patch(path(video_id), {"priority": "low"})
        jobs = (await ada.get(path(video_id))).json()["jobs"]
        assert [(job["part"], job["ahead"]) for job in jobs] == [("chunk 3", 2), ("chunk 4", 3)]

    async def test_is_for_administrators(self, owned: Owned, ada: Person) -> None:
        """An owner would put his own before everybody's."""
        video_id = await owned.make()
        problem(await ada.patch(path(video_id), {"priority": "high"}), 403, "forbidden")

    async def test_what_a_viewer_waits_for_goes_before_high(self, owned: Owned, sign_up: SignUp) -> None:
        """A low video's wanted chunk is before a high video's background."""
        admin = await sign_up(role="ADMIN")
        low, high = await owned.make(), await owned.make()
        await admin.patch(path(low), {"priority": "low"})
        await admin.patch(path(high), {"priority": "high"})
        await owned.enqueue(high, 1)
        async with owned.services.database.transaction() as db:
            await owned.services.queue.want(db, chunk_job(UUID(low), 5, wanted=True))
            await owned.services.queue.want(db, ingest_job(UUID(low)))
        jobs = (await admin.get(path(high))).json()["jobs"]
        assert [job["ahead"] for job in jobs] == [1]
