"""The letters that were asked for, and the links in them."""

import re
from email.message import EmailMessage

import msgspec
from tests.integration.conftest import letters_sent, text_of

from matinee.bootstrap import Services
from matinee.common.database import execute, fetch_one, fetch_value
from matinee.common.jobs import JobRun


class _Asked(msgspec.Struct):
    id: int
    task_name: str
    args: str
    sealed: str


_TAKE = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s
WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE task_name LIKE 'accounts.%%' AND status = 'todo')
RETURNING id, task_name, args::text AS args, args ->> 'sealed' AS sealed
"""


async def letters(services: Services) -> list[EmailMessage]:
    """Does what a worker does with what was asked for; the letters that come of it."""
    async with services.database.connection() as db:
        worker: int = await fetch_value(db, "INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        while job := await fetch_one(db, _Asked, _TAKE, (worker,)):
            run = {
                "accounts.send_password_link": services.recovery.send_password_link,
                "accounts.send_email_link": services.recovery.send_email_link,
            }[job.task_name]
            assert "example" not in job.args, "the queue holds no address"
            await run(JobRun(job.id, worker, 1), job.sealed)
            await execute(db, "DELETE FROM procrastinate_jobs WHERE id = %s", (job.id,))
    return await letters_sent(services)


def token_in(letter: EmailMessage) -> str:
    found = re.search(r"#(\S+)", text_of(letter))
    assert found is not None
    return found[1]
