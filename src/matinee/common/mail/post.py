"""Where features hand their letters in: sealed into a job of the transaction that makes them true."""

import msgspec
import structlog

from matinee.common.database import Connection
from matinee.common.errors import Conflict
from matinee.common.jobs import GiveUpError, JobQueue, JobRun, NewJob
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.ring import Keys
from matinee.common.mail.letters import Letter, LetterTemplate, as_message, write_letter
from matinee.common.mail.port import Mailer, MailRefused

log = structlog.get_logger()

_SEND = "mail.send"
_ATTEMPTS = 14  # over four and a half hours; what a letter brings has expired by then
_PURPOSE = b"matinee letters"


class MailOff(Conflict):
    """This needs a letter to you, and this server sends none; ask whoever runs it."""

    code = "mail_off"


class Post:
    """Takes letters in and has them sent."""

    def __init__(self, queue: JobQueue, mailer: Mailer | None, *, sender: str, public_url: str, keys: Keys) -> None:
        """`mailer`: None where this server sends no mail."""
        self._queue = queue
        self._mailer = mailer
        self._sender = sender
        self._public_url = public_url.rstrip("/")
        self._keys = keys

    @property
    def is_on(self) -> bool:
        """Whether letters are sent at all."""
        return self._mailer is not None

    def ensure_on(self) -> None:
        """Raises MailOff where letters are not sent."""
        if self._mailer is None:
            raise MailOff

    def link(self, path: str, token: str | None = None) -> str:
        """The address of a page, with a token behind the `#`, which no log and no other server gets to see."""
        return f"{self._public_url}{path}" + ("" if token is None else f"#{token}")

    async def send(self, db: Connection, to: str, template: LetterTemplate, **values: str) -> None:
        """Sends a letter once the transaction commits, and none if it does not; raises MailOff.

        The queue keeps it sealed: who reads the database finds no token in it, nor whom it is for.
        """
        self.ensure_on()
        letter = msgspec.json.encode(write_letter(to, template, values))
        args = {"sealed": (await self._keys.seal(_PURPOSE, letter)).decode()}
        await self._queue.enqueue(db, NewJob(name=_SEND, lane="mail", args=args))

    def register(self, queue: JobQueue) -> None:
        """Tells a worker's queue how letters are sent."""
        queue.register(_SEND, self.deliver, attempts=_ATTEMPTS)

    async def deliver(self, run: JobRun, sealed: str) -> None:
        """The job. A worker that dies between sending and saying so sends twice, with one Message-ID."""
        assert self._mailer is not None, "the lane is run where letters are sent"
        try:
            opened = await self._keys.open(_PURPOSE, sealed.encode())
        except NotOpenedError:
            raise GiveUpError("The letter was sealed by a key that is no longer here.") from None
        letter = msgspec.json.decode(opened, type=Letter)
        try:
            await self._mailer.send(as_message(letter, self._sender))
        except (MailRefused, ValueError) as error:
            raise GiveUpError(f"The letter cannot be delivered: {error}") from error
        log.info("mail_sent", job_id=run.job_id, message_id=letter.id)
