"""Letters by SMTP, a connection each: they are few, and a connection that is kept must be kept alive."""

import ssl
from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib

from matinee.common.config import Settings
from matinee.common.mail.port import MailRefused
from matinee.common.secret_file import latest

_SECONDS = 30.0  # for each answer of the server
_REFUSED_FOR_GOOD = 500  # RFC 5321: from here on the server asks not to be tried again


class SmtpMailer:
    """Sends by the server that the settings name."""

    def __init__(self, settings: Settings, *, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: whom to trust; None: whom the system trusts."""
        assert settings.smtp_host is not None
        self._settings = settings
        self._tls = tls

    async def send(self, message: EmailMessage) -> None:
        async with self._connection() as server:
            try:
                await server.send_message(message)
            except aiosmtplib.SMTPRecipientsRefused as error:
                # there is one recipient a letter
                raise _judged(error.recipients[0]) from error
            except aiosmtplib.SMTPDataError as error:
                raise _judged(error) from error

    async def check(self) -> None:
        """Connects and signs in; raises OSError or SMTPException where a letter would not be sent."""
        async with self._connection():
            pass

    def _connection(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=latest(settings.smtp_user),
            password=latest(settings.smtp_password),
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security
            == "starttls",  # never "if it offers it": whoever is between can hide that
            tls_context=self._tls,
            # its own default asks the DNS, on the event loop
            local_hostname=urlsplit(settings.public_url).hostname,
            timeout=_SECONDS,
        )


def _judged(error: aiosmtplib.SMTPResponseException) -> Exception:
    if error.code >= _REFUSED_FOR_GOOD:
        return MailRefused(f"{error.code} {error.message}")
    return error
