"""A program that hears: a child process that is given samples by a socket and answers with words.

Native libraries of this size crash, leak and hold the interpreter. In a process of their own they can do none of it
to the worker; and it can be bounded, confined and killed like an FFmpeg.

The protocol, one request at a time: we send a line of JSON, `{"bytes": 1920000, "language": "de"}` (or null: it is
to be found out), and so many bytes of samples; the answer is a line,
`{"language": "de", "probability": 0.98, "words": [[start, end, text], …]}` in milliseconds of the samples, or
`{"refusal": code, "detail": text}` where trying again would change nothing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import msgspec

from ..ffmpeg import MIB, Process, ProcessLimits, ProcessTimedOut, running
from ..sandbox import Confinement
from .words import Heard

WINDOW_WALL_SECONDS = 1800.0  # for a minute of sound: a large model on a small machine gets through, a hung one ends
LIMITS = ProcessLimits(
    wall_seconds=30 * 24 * 3600.0,  # of the process; each window has its own
    cpu_seconds=120 * 24 * 3600,
    address_space=16 * 1024 * MIB,  # a large model takes 3 GiB; memory allocators reserve a multiple of it
    niceness=19,
)
_LONGEST_ANSWER = 4 * MIB
_LAST_WORDS_SECONDS = 5.0


class SpeechProgram(msgspec.Struct, frozen=True):
    """How the program is run; the number of its socket is the last argument."""

    argv: tuple[str, ...]
    read: tuple[str, ...]
    """Files and folders that it may read beside itself."""
    scratch: tuple[str, ...] = ()
    """Folders that it may write to."""
    limits: ProcessLimits = LIMITS


class SpeechFailed(Exception):
    """The program crashed, hung or made no sense. Worth another attempt."""


class SpeechRefused(Exception):
    """The program cannot do what is asked, however often."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Listener:
    """A running program; made by `listening` only."""

    def __init__(self, process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer

    async def hear(self, samples: bytes, language: str | None) -> Heard:
        """The words in the samples, their times counted from the first. Raises SpeechFailed, SpeechRefused."""
        head = msgspec.json.encode({"bytes": len(samples), "language": language})
        try:
            async with asyncio.timeout(WINDOW_WALL_SECONDS):
                self._writer.write(head + b"\n")
                self._writer.write(samples)
                with suppress(ConnectionError):  # its last words may say why
                    await self._writer.drain()
                line = await self._reader.readline()
        except TimeoutError as error:
            raise SpeechFailed("It took too long.") from error
        except (OSError, ValueError) as error:
            raise SpeechFailed(f"{error!r} {self.process.stderr_tail[-500:]}") from error
        if not line.endswith(b"\n"):
            raise SpeechFailed(await self._why_it_ended())
        try:
            refusal = msgspec.json.decode(line, type=_Refusal)
            if refusal.refusal is not None:
                raise SpeechRefused(refusal.refusal, refusal.detail)
            return msgspec.json.decode(line, type=Heard)
        except msgspec.MsgspecError as error:
            raise SpeechFailed(f"It answered what is no answer: {error}") from error

    async def _why_it_ended(self) -> str:
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                code = await self.process.wait()
        except (TimeoutError, ProcessTimedOut):
            return "It closed its socket."
        return f"It ended with code {code}. {self.process.stderr_tail[-1000:]}".strip()


class _Refusal(msgspec.Struct):
    refusal: str | None = None
    detail: str = ""


@asynccontextmanager
async def listening(program: SpeechProgram) -> AsyncIterator[Listener]:
    """Runs the program for the length of the block; it is dead when the block has been left."""
    async with AsyncExitStack() as stack:
        ours, theirs = socket.socketpair()
        stack.callback(ours.close)
        stack.callback(theirs.close)
        process = await stack.enter_async_context(
            running(
                lambda _: [*program.argv, str(theirs.fileno())],
                outputs=0,
                confinement=Confinement(program.argv[0], read=program.read, scratch=program.scratch),
                limits=program.limits,
                inherited=[theirs.fileno()],
            )
        )
        theirs.close()  # its own end alone is left, so that we hear of its death
        reader, writer = await asyncio.open_connection(sock=ours, limit=_LONGEST_ANSWER)
        stack.callback(writer.close)
        yield Listener(process, reader, writer)
