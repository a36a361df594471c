"""Letters into a folder, for development: any mail program opens them."""

import asyncio
import os
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path

import structlog

log = structlog.get_logger()


class FolderMailer:
    """Writes each letter to a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        path = self._folder / f"{message['Message-ID'].strip('<>').partition('@')[0]}.eml"
        await asyncio.to_thread(_write, path, message.as_bytes(policy=SMTPUTF8))
        log.info("mail_written", to=str(message["To"]), subject=str(message["Subject"]), path=str(path))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(content)
    os.replace(unfinished, path)  # noqa: PTH105  # whoever watches the folder sees whole letters
