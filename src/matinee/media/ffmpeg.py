"""The one home of media processes: start, confine, read, time out, kill, reap.

A process is started in its own group with low priority, resource limits and a Landlock confinement. It speaks by
pipes only. Whatever ends the `running` block (its normal end, an exception, a cancellation), the whole group is
dead and reaped when the block has been left. If our own process is killed, the kernel kills the child.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO

import msgspec

from . import sandbox

MIB = 1 << 20

PIPE_BYTES = 1 * MIB  # the most an unprivileged process may ask for; smaller: more wake-ups a cell
READ_BYTES = 256 * 1024
STDERR_TAIL_BYTES = 8 * 1024  # enough for the reason, too little for a hostile file to fill a log
TERMINATE_GRACE_SECONDS = 2.0


class ProcessLimits(msgspec.Struct, frozen=True):
    """What one process may use."""

    wall_seconds: float = 3600.0
    cpu_seconds: int = 4 * 3600
    address_space: int = 8 * 1024 * MIB
    """Bytes of virtual memory: several times the resident size, as threads reserve stacks and heaps.

    A stop for what runs away, and no figure to plan with: a ladder of 1080p has 700 MB resident. HDR of 8K has
    2.8 GB, and more than 4 GB reserved with two processors; with more of them it is more, so this is not less.
    """
    file_size: int = 0
    """Bytes of the largest regular file it may write; pipes do not count."""
    niceness: int = 10
    terminate_grace: float = TERMINATE_GRACE_SECONDS


class ProcessTimedOut(Exception):
    """The process ran longer than its wall time and was ended."""


class Process:
    """A running process; made by `running` only."""

    def __init__(
        self, popen: subprocess.Popen[bytes], outputs: tuple[asyncio.StreamReader, ...], stderr: BinaryIO
    ) -> None:
        self.pid = popen.pid
        self.outputs = outputs
        """One reader a requested pipe, in order. All must be read concurrently, or the process stalls."""
        self.timed_out = False
        self._held = 0.0
        self._held_since: float | None = None
        self._popen = popen
        self._exited: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._stderr = stderr
        self._said = bytearray()
        self._watch_exit()
        self._watch_stderr()

    async def wait(self) -> int:
        """The exit code, negative for a signal. Raises ProcessTimedOut when its time was up."""
        code = await asyncio.shield(self._exited)
        if self.timed_out:
            raise ProcessTimedOut(f"ended after its wall time; {self.stderr_tail[-300:]}")
        return code

    @property
    def stderr_tail(self) -> str:
        """The last kilobytes of what the process said, all of it that it said until now.

        Whoever has read an output knows by it all that was said before that was written.
        """
        self._hear()
        return self._said.decode("utf-8", "replace").strip()

    def close(self) -> None:
        """Hear its last words, and no more."""
        self._hear()
        self._hang_up()

    def _hang_up(self) -> None:
        if not self._stderr.closed:
            asyncio.get_running_loop().remove_reader(self._stderr)
            self._stderr.close()

    def _watch_stderr(self) -> None:
        os.set_blocking(self._stderr.fileno(), False)
        asyncio.get_running_loop().add_reader(self._stderr, self._hear)

    def _hear(self) -> None:
        """Take what is in the pipe; no more at once than it holds, or a chatterbox would be listened to for ever."""
        for _ in range(0, PIPE_BYTES, READ_BYTES):
            said = None if self._stderr.closed else self._stderr.read(READ_BYTES)
            if said == b"":
                self._hang_up()
            if not said:
                return
            self._said += said
            del self._said[:-STDERR_TAIL_BYTES]

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process and all it started; nothing if it is gone."""
        if self._popen.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def hold(self) -> None:
        """Stop the process, and with it the clock of its wall time, until `resume`."""
        if self._held_since is None:
            self._held_since = time.monotonic()
        self.signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on; nothing if it was not held."""
        self._held, self._held_since = self.held_seconds, None
        self.signal_group(signal.SIGCONT)

    @property
    def held_seconds(self) -> float:
        """How long it was held so far."""
        since = self._held_since
        return self._held + (time.monotonic() - since if since is not None else 0.0)

    async def end(self, grace: float) -> None:
        """Terminate, then kill what is left after `grace` seconds, and reap."""
        self.signal_group(signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._exited), grace)
        self.signal_group(signal.SIGKILL)
        await asyncio.shield(self._exited)

    def _watch_exit(self) -> None:
        """Reap as soon as the process ends, by a pidfd: no thread, no signal handler."""
        loop = asyncio.get_running_loop()
        pidfd = os.pidfd_open(self.pid)

        def reap() -> None:
            loop.remove_reader(pidfd)
            os.close(pidfd)
            self._exited.set_result(self._popen.wait())

        loop.add_reader(pidfd, reap)


@asynccontextmanager
async def running(
    argv: Callable[[Sequence[str]], list[str]],
    *,
    outputs: int,
    confinement: sandbox.Confinement,
    limits: ProcessLimits,
    inherited: Sequence[int] = (),
) -> AsyncIterator[Process]:
    """Run a program for the length of the block.

    `argv` is given one `pipe:N` URL for each of the `outputs` and returns the whole command. Its standard input
    and output are /dev/null; its standard error is kept as a bounded tail. It also has the `inherited` file
    descriptors, under their own numbers.
    """
    ends = [_pipe() for _ in range(outputs + 1)]  # the last one is standard error
    writers = [write for _, write in ends]
    readers = [read for read, _ in ends]
    try:
        command = argv([f"pipe:{write.fileno()}" for write in writers[:-1]])
        popen = _spawn(command, writers, inherited, confinement, limits)
    except BaseException:
        for read in readers:
            read.close()
        raise
    finally:
        for write in writers:
            write.close()
    async with _attended(popen, readers, limits) as process:
        yield process


@asynccontextmanager
async def _attended(
    popen: subprocess.Popen[bytes], readers: list[BinaryIO], limits: ProcessLimits
) -> AsyncIterator[Process]:
    loop = asyncio.get_running_loop()
    *pipes, stderr = readers
    streams = [asyncio.StreamReader(limit=READ_BYTES) for _ in pipes]
    process = Process(popen, tuple(streams), stderr)
    transports: list[asyncio.ReadTransport] = []
    ender: asyncio.Task[None] | None = None
    alarm: asyncio.TimerHandle
    given_back = 0.0

    def expire() -> None:
        nonlocal alarm, ender, given_back
        owed = process.held_seconds - given_back
        if owed > 0:
            given_back += owed
            alarm = loop.call_later(owed, expire)
            return
        process.timed_out = True
        ender = loop.create_task(process.end(limits.terminate_grace))

    alarm = loop.call_later(limits.wall_seconds, expire)
    try:
        for pipe, stream in zip(pipes, streams, strict=True):
            transport, _ = await loop.connect_read_pipe(_protocol(stream), pipe)
            transports.append(transport)
        yield process
    finally:
        alarm.cancel()
        for transport in transports:
            transport.close()  # a writer that is blocked on a full pipe gets EPIPE and can end
        for pipe in pipes[len(transports) :]:
            pipe.close()
        ending = ender or loop.create_task(process.end(limits.terminate_grace))
        try:
            await _despite_cancellation(ending)
        finally:
            process.close()


def _protocol(stream: asyncio.StreamReader) -> Callable[[], asyncio.StreamReaderProtocol]:
    return lambda: asyncio.StreamReaderProtocol(stream)


async def _despite_cancellation(task: asyncio.Task[None]) -> None:
    """Wait for a task to the end, even when cancelled meanwhile; the cancellation is delivered after."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    with suppress(OSError):  # over the user's quota of pipe memory: the default size works too
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return os.fdopen(read, "rb", 0), os.fdopen(write, "wb", 0)


def _spawn(
    command: list[str],
    writers: list[BinaryIO],
    inherited: Sequence[int],
    confinement: sandbox.Confinement,
    limits: ProcessLimits,
) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    niceness = max(limits.niceness, os.getpriority(os.PRIO_PROCESS, 0))  # who is nicer than that cannot go back
    ceilings = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.address_space),
        (resource.RLIMIT_NOFILE, 256),
        # No RLIMIT_NPROC: it counts the threads of all processes of the user, ours and other workers' too. A figure
        # that binds a hostile FFmpeg (one makes a ladder with about 20) would fail sound ones by chance; and it does
        # not bind root. What may be executed is the program itself alone; the number is for the container.
    )
    with sandbox.ruleset(confinement) as ruleset_fd:

        def confine() -> None:
            sandbox.die_with_parent(signal.SIGKILL)
            if os.getppid() != parent:  # it died before the request above was made
                os._exit(127)
            os.setpriority(os.PRIO_PROCESS, 0, niceness)
            for kind, ceiling in ceilings:
                resource.setrlimit(kind, (ceiling, ceiling))
            sandbox.enter(ruleset_fd)

        return subprocess.Popen(  # noqa: S603 -- a list of our own making, and no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=writers[-1],
            pass_fds=[*(writer.fileno() for writer in writers[:-1]), *inherited],
            preexec_fn=confine,  # only system calls: see sandbox.py
            start_new_session=True,  # its own group, and no Ctrl-C from our terminal
            # nothing of ours, such as credentials, is inherited; SVT-AV1 would fill standard error with its settings
            env={"LC_ALL": "C", "PATH": "/nonexistent", "SVT_LOG": "1"},
            cwd="/",
        )
