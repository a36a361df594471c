"""Processes end when they should, and touch only what they may."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import uvloop

from matinee.media.binaries import find_binaries
from matinee.media.brake import Brake, EasedBrake
from matinee.media.ffmpeg import STDERR_TAIL_BYTES, Process, ProcessLimits, ProcessTimedOut, running
from matinee.media.sandbox import Confinement, landlock_abi
from matinee.media.source_access import confinement

ROOT = Path(__file__).parents[3]
PYTHON = str(Path(sys.executable).resolve())
FREE = Confinement(PYTHON, read=("/",))


def python(script: str, *arguments: str) -> Callable[[Sequence[str]], list[str]]:
    """A command that runs a script; the descriptors of its outputs come first among its arguments."""

    def argv(outputs: Sequence[str]) -> list[str]:
        numbers = [output.removeprefix("pipe:") for output in outputs]
        return [PYTHON, "-S", "-c", textwrap.dedent(script), *numbers, *arguments]

    return argv


async def outcome(
    script: str, *arguments: str, confinement: Confinement = FREE, limits: ProcessLimits | None = None
) -> tuple[int, str]:
    """Exit code and standard error of a script."""
    limits = limits or ProcessLimits()
    async with running(python(script, *arguments), outputs=0, confinement=confinement, limits=limits) as process:
        return await process.wait(), process.stderr_tail


def is_gone(pid: int) -> bool:
    """Whether no such process is left, not even as a zombie of ours."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


class TestRunning:
    async def test_the_exit_code_and_last_words_are_kept(self) -> None:
        """What a failing process said is there when its code is."""
        code, said = await outcome("import sys; sys.stderr.write('because'); sys.exit(3)")
        assert (code, said) == (3, "because")

    async def test_a_talkative_process_is_kept_to_a_tail(self) -> None:
        """Standard error never fills memory."""
        code, said = await outcome("import sys; sys.stderr.write('x' * 3_000_000 + 'end')")
        assert code == 0
        assert len(said) <= STDERR_TAIL_BYTES
        assert said.endswith("end")

    async def test_pipes_are_read_side_by_side(self) -> None:
        """A process that fills its pipes in any order is never stuck."""
        script = """
            import os, sys
            for _ in range(40):
                for fd in (int(sys.argv[2]), int(sys.argv[1])):
                    data = b"x" * 100_000
                    while data:
                        data = data[os.write(fd, data):]
        """
        async with running(python(script), outputs=2, confinement=FREE, limits=ProcessLimits()) as process:
            read = await asyncio.gather(*(stream.read(-1) for stream in process.outputs))
            assert await process.wait() == 0
        assert [len(data) for data in read] == [4_000_000, 4_000_000]

    async def test_what_it_said_is_known_with_what_it_wrote_after(self) -> None:
        """Whoever reads an output, and yields to nobody, knows all that the process said before it wrote that.

        What FFmpeg writes after its input was lost it has made up, and only its words tell.
        """
        script = """
            import os, sys
            for number in range(300):
                os.write(2, b"%d;" % number)
                os.write(int(sys.argv[1]), b"x" * 200)
        """
        async with running(python(script), outputs=1, confinement=FREE, limits=ProcessLimits()) as process:
            seen = 0
            while data := await process.outputs[0].read(200):
                seen += len(data)
                last = (seen - 1) // 200
                assert int(process.stderr_tail.rstrip(";").rpartition(";")[2]) >= last
        assert seen == 60_000

    async def test_a_slow_process_is_ended(self) -> None:
        """Wall time over, even a process that ignores SIGTERM is gone."""
        script = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
        limits = ProcessLimits(wall_seconds=0.5, terminate_grace=0.2)
        started = time.monotonic()
        with pytest.raises(ProcessTimedOut):
            await outcome(script, limits=limits)
        assert time.monotonic() - started < 10

    async def test_time_under_the_brake_does_not_count(self) -> None:
        """A process that was held for longer than its wall time still has all of it."""
        script = "import sys; sys.stderr.write('done')"
        brake, limits = Brake(), ProcessLimits(wall_seconds=2.0)
        with brake.applied():
            async with running(python(script), outputs=0, confinement=FREE, limits=limits) as process:
                with brake.over(process):
                    while process.held_seconds < 3.0:
                        await asyncio.sleep(0.05)
                    assert not process.timed_out
                assert await process.wait() == 0
                assert process.stderr_tail == "done"

    async def test_a_brake_that_is_eased_holds_nothing(self) -> None:
        """And takes hold again when nobody waits for the process any more."""
        brake = Brake()
        eased = EasedBrake(brake)
        script = "import time; time.sleep(60)"
        with brake.applied():
            async with running(python(script), outputs=0, confinement=FREE, limits=ProcessLimits()) as process:
                with eased.over(process):
                    assert await _becomes(process.pid, "T")
                    eased.ease(True)
                    assert await _becomes(process.pid, "RSD")
                    eased.ease(False)
                    assert await _becomes(process.pid, "T")
                assert await _becomes(process.pid, "RSD")

    async def test_a_nicer_parent_has_nicer_children(self) -> None:
        """Only root may take niceness back, so that a worker that was started with `nice` would encode nothing."""
        script = f"""
            import asyncio, os, sys
            sys.path.insert(0, {str(ROOT / "src")!r})
            from matinee.media.ffmpeg import ProcessLimits, running
            from matinee.media.sandbox import Confinement

            async def main():
                if os.getuid() == 0:
                    os.setuid(65534)
                argv = lambda outputs: ["/bin/sleep", "60"]
                free = Confinement("/bin/sleep", read=("/",))
                async with running(argv, outputs=0, confinement=free, limits=ProcessLimits(niceness=5)) as process:
                    print(os.getpriority(os.PRIO_PROCESS, process.pid))

            asyncio.run(main())
        """
        command = ["nice", "-n", "12", sys.executable, "-c", textwrap.dedent(script)]
        done = await asyncio.to_thread(subprocess.run, command, stdout=subprocess.PIPE, text=True, check=True)
        assert int(done.stdout) >= 12

    async def test_cancelling_kills_the_whole_group_and_reaps_it(self) -> None:
        """After a cancellation neither the process nor its child is left."""
        script = """
            import os, sys, time
            child = os.fork()
            if child:
                os.write(int(sys.argv[1]), b"%d\\n" % child)
            time.sleep(60)
        """
        seen: asyncio.Future[tuple[Process, int]] = asyncio.get_running_loop().create_future()

        async def work() -> None:
            async with running(python(script), outputs=1, confinement=FREE, limits=ProcessLimits()) as process:
                seen.set_result((process, int(await process.outputs[0].readline())))
                await process.wait()

        task = asyncio.create_task(work())
        process, child = await asyncio.wait_for(seen, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert is_gone(process.pid)
        assert await _becomes_gone(child)

    async def test_it_dies_with_its_parent(self) -> None:
        """kill -9 of the worker leaves no encoder behind."""
        script = f"""
            import asyncio, sys
            sys.path.insert(0, {str(ROOT / "src")!r})
            from matinee.media.ffmpeg import ProcessLimits, running
            from matinee.media.sandbox import Confinement

            async def main():
                argv = lambda outputs: ["/bin/sleep", "60"]
                free = Confinement("/bin/sleep", read=("/",))
                async with running(argv, outputs=0, confinement=free, limits=ProcessLimits()) as process:
                    print(process.pid, flush=True)
                    await process.wait()

            asyncio.run(main())
        """
        command = [sys.executable, "-c", textwrap.dedent(script)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
            assert parent.stdout is not None
            child = int(parent.stdout.readline())
            assert not is_gone(child)
            parent.send_signal(signal.SIGKILL)
        assert await _becomes_gone(child)


async def _becomes(pid: int, states: str) -> bool:
    """Whether the process is soon in one of these states: T is stopped."""
    for _ in range(500):
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in states:
            return True
        await asyncio.sleep(0.01)
    return False


async def _becomes_gone(pid: int) -> bool:
    """Whether a process that was killed disappears (someone else reaps it, in their own time)."""
    deadline = time.monotonic() + 10
    while not is_gone(pid):
        if time.monotonic() > deadline or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]:
            return "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
        await asyncio.sleep(0.02)
    return True


class TestUvloop:
    def test_the_server_s_event_loop_works_as_well(self) -> None:
        """Pipes, exit and clean-up do not depend on the event loop that runs them."""
        write = "import os, sys; os.write(int(sys.argv[1]), b'heard'); sys.exit(4)"

        async def work() -> tuple[bytes, int]:
            async with running(python(write), outputs=1, confinement=FREE, limits=ProcessLimits()) as process:
                return await process.outputs[0].read(-1), await process.wait()

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(work()) == (b"heard", 4)


class TestLimits:
    async def test_memory_is_limited(self) -> None:
        """More address space than allowed is not given."""
        limits = ProcessLimits(address_space=256 << 20)
        code, said = await outcome("x = bytearray(512 << 20)", limits=limits)
        assert code == 1
        assert "MemoryError" in said

    async def test_processor_time_is_limited(self) -> None:
        """A process that spins is ended by the kernel."""
        code, _ = await outcome("while True: pass", limits=ProcessLimits(cpu_seconds=1))
        assert code == -signal.SIGKILL

    async def test_it_is_nice_and_inherits_no_secrets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Encoders yield to the API and do not see our environment."""
        monkeypatch.setenv("MATINEE_SECRET", "x")
        script = "import os, sys; sys.stderr.write(f'{os.nice(0)} {\"MATINEE_SECRET\" in os.environ}')"
        assert await outcome(script, limits=ProcessLimits(niceness=7)) == (0, "7 False")


class TestConfinement:
    """Landlock. The kernel that runs these tests has to have it."""

    @pytest.fixture
    def confinement(self, tmp_path: Path) -> Confinement:
        """Python's own files, one readable file and one scratch folder."""
        (tmp_path / "scratch").mkdir()
        (tmp_path / "mine").write_text("mine")
        (tmp_path / "other").write_text("other")
        libraries = tuple({sys.base_prefix, sys.exec_prefix, str(Path(os.__file__).parent)})
        return Confinement(PYTHON, read=(*libraries, str(tmp_path / "mine")), scratch=(str(tmp_path / "scratch"),))

    def test_the_kernel_offers_it(self) -> None:
        """The version is a number that `doctor` can show."""
        assert landlock_abi() >= 1

    async def test_the_source_can_be_read(self, confinement: Confinement, tmp_path: Path) -> None:
        """What is allowed works."""
        code, said = await outcome(
            "import sys; sys.stderr.write(open(sys.argv[1]).read())",
            str(tmp_path / "mine"),
            confinement=confinement,
        )
        assert (code, said) == (0, "mine")

    @pytest.mark.parametrize(
        "script",
        [
            "open(sys.argv[1] + '/other').read()",
            "open('/etc/passwd').read()",
            "os.listdir(sys.argv[1])",
            "open(sys.argv[1] + '/mine', 'w')",
            "open(sys.argv[1] + '/made', 'w')",
            "os.unlink(sys.argv[1] + '/mine')",
            "os.execv('/bin/true', ['true'])"
            if not Path("/bin").is_symlink()
            else "os.execv('/usr/bin/true', ['true'])",
        ],
    )
    async def test_nothing_else_can_be_touched(self, confinement: Confinement, tmp_path: Path, script: str) -> None:
        """Other files can be neither read, listed, written, removed nor run."""
        code, said = await outcome(f"import os, sys; {script}", str(tmp_path), confinement=confinement)
        assert code == 1
        assert "PermissionError" in said

    async def test_scratch_can_be_written(self, confinement: Confinement, tmp_path: Path) -> None:
        """A scratch folder is a place to work in, up to the size limit."""
        path = str(tmp_path / "scratch" / "file")
        code, said = await outcome(
            "import sys; open(sys.argv[1], 'w').write('x' * 100)",
            path,
            confinement=confinement,
            limits=ProcessLimits(file_size=1000),
        )
        assert (code, said) == (0, "")

    async def test_one_port_can_be_connected_to(self, confinement: Confinement) -> None:
        """The range server is reached, any other server is not."""
        script = """
            import socket, sys
            for port in sys.argv[1:]:
                try:
                    socket.create_connection(("127.0.0.1", int(port)), 5).close()
                    sys.stderr.write("open ")
                except PermissionError:
                    sys.stderr.write("shut ")
        """
        servers = [await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) for _ in "ab"]
        allowed, other = (server.sockets[0].getsockname()[1] for server in servers)
        confined = Confinement(confinement.program, read=confinement.read, connect_port=allowed)
        code, said = await outcome(script, str(allowed), str(other), confinement=confined)
        for server in servers:
            server.close()
        assert (code, said) == (0, "open shut")


class TestFFmpegConfined:
    """The real program, with every protocol of its own allowed: what stops it then is the kernel."""

    async def said_of(self, source: str, confined: Confinement) -> str:
        """What FFmpeg says of an input that it is told to read as raw bytes."""

        def argv(outputs: Sequence[str]) -> list[str]:
            return [confined.program, "-v", "error", "-f", "u8", "-i", source, "-f", "null", "-"]

        async with running(argv, outputs=0, confinement=confined, limits=ProcessLimits()) as process:
            await process.wait()
            return process.stderr_tail

    async def test_it_reads_its_source_and_no_other_file(self, tmp_path: Path) -> None:
        """Its own source plays; the machine's users and a film beside it are out of reach."""
        mine, other = tmp_path / "mine", tmp_path / "other"
        for path in (mine, other):
            path.write_bytes(bytes(10_000))
        confined = confinement(find_binaries().ffmpeg, str(mine))
        assert await self.said_of(f"file:{mine}", confined) == ""
        for path in ("/etc/passwd", str(other)):
            assert "Permission denied" in await self.said_of(f"file:{path}", confined)

    async def test_it_connects_to_its_port_and_no_other(self) -> None:
        """The range server is reached; another server of this machine is not even asked."""
        asked: list[int] = []

        async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(writer.get_extra_info("sockname")[1])
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\n\0\0\0\0")
            writer.close()

        servers = [await asyncio.start_server(answer, "127.0.0.1", 0) for _ in "ab"]
        mine, other = (server.sockets[0].getsockname()[1] for server in servers)
        confined = confinement(find_binaries().ffmpeg, f"http://127.0.0.1:{mine}/film")
        for port in (mine, other):
            await self.said_of(f"http://127.0.0.1:{port}/film", confined)
        for server in servers:
            server.close()
        assert set(asked) == {mine}
