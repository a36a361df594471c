"""Letters: sealed in the transaction's job, sent to a real mail server over TLS, told apart where they cannot be."""

import asyncio
import contextlib
import email
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from aiosmtplib import SMTPAuthenticationError
from tests.certificates import Authority
from tests.integration.common.test_jobs import until, waiting

from matinee.common.config import Settings
from matinee.common.database import Database, execute, fetch_value
from matinee.common.jobs import GiveUpError, JobQueue, JobRun
from matinee.common.keys.environment import SecretKey
from matinee.common.keys.ring import Keys
from matinee.common.mail.folder import FolderMailer
from matinee.common.mail.letters import LetterTemplate, as_message, write_letter
from matinee.common.mail.port import Mailer
from matinee.common.mail.post import MailOff, Post
from matinee.common.mail.smtp import SmtpMailer
from matinee.common.secret_file import SecretFile

HELLO = LetterTemplate(
    "Hello $name",
    """
Somebody by the name of $name
asked for a key.

[Fetch the key]($link)
""",
)
LINK = "http://localhost:3000/key#secret-token"
RUN = JobRun(1, 1, 1)


class Server:
    """A mail server in this process, and what it was sent."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        self.port = port
        self.trusted = tls
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.signed_in: list[bool] = []
        self.answer = "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.letters.append(message)
        self.recipients += envelope.rcpt_tos
        self.signed_in.append(session.authenticated is True)
        return "250 OK"


Serve = Callable[[str], contextlib.AbstractAsyncContextManager[Server]]


@pytest.fixture(scope="session")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server on this machine, and of those who trust it."""
    authority = Authority(tmp_path_factory.mktemp("mail"))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.certify("server"))
    return server, ssl.create_default_context(cafile=authority.certificate)


@pytest.fixture
def serve(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> Serve:
    """`async with serve("starttls") as server`."""

    @contextlib.asynccontextmanager
    async def run(security: str) -> AsyncIterator[Server]:
        ours, theirs = contexts
        state = Server(0, theirs)

        def authenticate(server: SMTP, session: Session, envelope: Envelope, kind: str, data: Any) -> AuthResult:
            assert isinstance(data, LoginPassword)
            return AuthResult(success=(data.login, data.password) == (b"matinee", b"pass word"), handled=False)

        def protocol() -> SMTP:
            return SMTP(
                state,
                hostname="localhost",
                tls_context=ours if security == "starttls" else None,
                require_starttls=security == "starttls",
                authenticator=authenticate,
                auth_require_tls=security == "starttls",
            )

        listening = await asyncio.get_running_loop().create_server(
            protocol, "127.0.0.1", 0, ssl=ours if security == "tls" else None
        )
        state.port = listening.sockets[0].getsockname()[1]
        try:
            yield state
        finally:
            listening.close()

    return run


def smtp(settings: Settings, server: Server, security: str, password: str = "pass word") -> SmtpMailer:
    signs_in = security != "none"
    changed = msgspec.structs.replace(
        settings,
        smtp_host="localhost",
        smtp_port=server.port,
        smtp_security=security,
        smtp_user="matinee" if signs_in else None,
        smtp_password=password if signs_in else None,
    )
    return SmtpMailer(changed, tls=server.trusted)


def post(queue: JobQueue, mailer: Mailer | None) -> Post:
    return Post(
        queue,
        mailer,
        sender="Matinée <post@example.org>",
        public_url="http://localhost:3000/",
        keys=Keys([SecretKey("s" * 43)]),
    )


class TestSmtp:
    @pytest.mark.parametrize("security", ["starttls", "tls", "none"])
    async def test_a_letter_arrives(
        self, settings: Settings, queue: JobQueue, database: Database, serve: Serve, security: str
    ) -> None:
        """Over the security that was asked for, signed in, as text and as HTML with the same link."""
        async with serve(security) as server:
            office = post(queue, smtp(settings, server, security))
            async with database.transaction() as db:
                await office.send(db, "ada@bücher.example", HELLO, name="Ada <&> Co", link=office.link("/key", "t"))
                sealed = await fetch_value(db, "SELECT args ->> 'sealed' FROM procrastinate_jobs")
            await office.deliver(RUN, sealed)
        (letter,) = server.letters
        assert server.recipients == ["ada@xn--bcher-kva.example"]
        assert server.signed_in == [security != "none"]
        assert letter["Subject"] == "Hello Ada <&> Co"
        assert letter["From"] == "Matinée <post@example.org>"
        assert letter["Message-ID"].endswith("@example.org>")
        assert abs(letter["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
        text, html = (part.get_content() for part in letter.iter_parts() if isinstance(part, EmailMessage))
        assert "Ada <&> Co asked" in text
        assert "Fetch the key:\r\nhttp://localhost:3000/key#t\r\n" in text
        assert "Ada &lt;&amp;&gt; Co asked" in html
        assert 'href="http://localhost:3000/key#t"' in html

    async def test_a_server_that_hides_its_tls_gets_nothing(self, settings: Settings, serve: Serve) -> None:
        """Whoever is between could hide it: the password and the letter are not sent in clear."""
        async with serve("none") as server:
            mailer = smtp(settings, server, "starttls")
            with pytest.raises(Exception, match="STARTTLS"):
                await mailer.send(as_message(_letter(), "post@example.org"))
        assert server.letters == []

    async def test_the_password_is_followed_in_its_file(
        self, settings: Settings, serve: Serve, tmp_path: Path
    ) -> None:
        """The next letter goes by the one that stands there then."""
        file = tmp_path / "password"
        file.write_text("former")
        async with serve("tls") as server:
            mailer = smtp(settings, server, "tls", SecretFile.read(file))
            with pytest.raises(SMTPAuthenticationError):
                await mailer.check()
            file.write_text("pass word")
            await mailer.check()

    async def test_what_is_refused_for_good_is_given_up(
        self, settings: Settings, queue: JobQueue, database: Database, serve: Serve
    ) -> None:
        """And what is refused for now is tried again."""
        async with serve("none") as server, database.transaction() as db:
            office = post(queue, smtp(settings, server, "none"))
            await office.send(db, "ada@example.org", HELLO, name="Ada", link=LINK)
            sealed = await fetch_value(db, "SELECT args ->> 'sealed' FROM procrastinate_jobs")
            server.answer = "550 nobody here by that name"
            with pytest.raises(GiveUpError, match="nobody here"):
                await office.deliver(RUN, sealed)
            server.answer = "450 later please"
            with pytest.raises(Exception, match="later please") as caught:
                await office.deliver(RUN, sealed)
        assert not isinstance(caught.value, GiveUpError)


class TestPost:
    async def test_a_letter_goes_with_the_commit_alone(
        self, queue: JobQueue, database: Database, tmp_path: Path
    ) -> None:
        """A rolled back change sends none, and nothing in the database tells the token or the address."""
        office = post(queue, FolderMailer(tmp_path))
        with contextlib.suppress(ZeroDivisionError):
            async with database.transaction() as db:
                await office.send(db, "ada@example.org", HELLO, name="Ada", link=LINK)
                raise ZeroDivisionError
        assert await waiting(database) == 0
        async with database.transaction() as db:
            await office.send(db, "ada@example.org", HELLO, name="Ada", link=LINK)
        async with database.connection() as db:
            job = await fetch_value(db, "SELECT procrastinate_jobs::text FROM procrastinate_jobs")
        assert "secret-token" not in job
        assert "ada@" not in job

    async def test_a_worker_sends_what_waits(self, queue: JobQueue, database: Database, tmp_path: Path) -> None:
        """In the lane of its own; the file is a whole letter."""
        office = post(queue, FolderMailer(tmp_path / "mail"))
        office.register(queue)
        async with database.transaction() as db:
            await office.send(db, "ada@example.org", HELLO, name="Ada", link=LINK)
        async with queue.running():
            working = asyncio.create_task(queue.work("mail", slots=1, grace=0.2))

            async def sent() -> bool:
                return any((tmp_path / "mail").glob("*.eml"))

            await until(sent)
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
        (path,) = (tmp_path / "mail").iterdir()
        letter = email.message_from_bytes(path.read_bytes(), policy=default)
        assert letter["To"] == "ada@example.org"

    async def test_a_letter_outlives_more_failures_than_other_jobs(
        self, queue: JobQueue, database: Database, tmp_path: Path
    ) -> None:
        """A mail server may be away for an hour, and a worker die with a letter thrice."""
        office = post(queue, FolderMailer(tmp_path))
        office.register(queue)
        async with database.transaction() as db:
            await office.send(db, "ada@example.org", HELLO, name="Ada", link=LINK)
            await execute(db, "UPDATE procrastinate_jobs SET status = 'doing', attempts = 5")
        assert await queue.sweep() == 1
        assert await waiting(database) == 1

    async def test_without_a_mailer_it_says_so(self, queue: JobQueue, database: Database) -> None:
        """In a sentence that tells whom to ask."""
        async with database.transaction() as db:
            with pytest.raises(MailOff, match="sends none"):
                await post(queue, None).send(db, "ada@example.org", HELLO, name="Ada", link=LINK)

    async def test_a_letter_of_a_former_secret_is_given_up(self, queue: JobQueue, tmp_path: Path) -> None:
        """It cannot be opened any more."""
        with pytest.raises(GiveUpError, match="no longer here"):
            await post(queue, FolderMailer(tmp_path)).deliver(RUN, "gAAAAA")


class TestLetters:
    def test_no_value_adds_a_header_or_a_paragraph(self) -> None:
        """Line breaks and placeholders in a value are its text."""
        letter = write_letter(
            "ada@example.org", HELLO, {"name": "A\r\nBcc: all@example.org\n\n[x]($link)", "link": LINK}
        )
        message = as_message(letter, "post@example.org")
        assert message["Bcc"] is None
        assert message["Subject"] == "Hello A Bcc: all@example.org [x]($link)"
        assert letter.html.count("href") == 1

    @pytest.mark.parametrize("address", ["ada", "ada@example.org\nBcc: b@example.org", "a@b@c", ""])
    def test_what_is_no_address_is_sent_nothing(self, address: str) -> None:
        """It is refused before any server hears of it."""
        with pytest.raises(ValueError):
            as_message(msgspec.structs.replace(_letter(), to=address), "post@example.org")


def _letter() -> Any:
    return write_letter("ada@example.org", HELLO, {"name": "Ada", "link": LINK})
