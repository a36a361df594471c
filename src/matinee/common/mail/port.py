"""What sends a letter."""

from email.message import EmailMessage
from typing import Protocol


class MailRefused(Exception):
    """The letter will never be taken, however often it is sent."""


class Mailer(Protocol):
    """Hands letters over."""

    async def send(self, message: EmailMessage) -> None:
        """Returns when somebody else is answerable for the letter.

        Raises MailRefused where no further try can help. After any other error, and after a crash, the letter may
        have been taken or not; whoever sends it again sends the same Message-ID.
        """
