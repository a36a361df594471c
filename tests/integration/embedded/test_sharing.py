"""One server per folder, whoever starts it, and however its starter ends: the same for both servers."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from matinee.embedded.errors import EmbeddedServerError
from matinee.embedded.postgres import EmbeddedPostgres
from matinee.embedded.seaweedfs import EmbeddedSeaweedFS

SERVERS = {"postgres": EmbeddedPostgres, "seaweedfs": EmbeddedSeaweedFS}


@pytest.fixture(params=["postgres", pytest.param("seaweedfs", marks=pytest.mark.soak)])  # by the same code
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class TestStart:
    def test_the_first_start_owns_the_server(self, kind: str, folder: Path) -> None:
        """A server that nobody else runs is a child of the process that starts it."""
        with SERVERS[kind](folder) as server:
            assert server.owned
            assert psutil.Process(server.endpoint.pid).ppid() == os.getpid()

    def test_a_second_start_finds_the_server_again(self, kind: str, folder: Path) -> None:
        """Addresses and secrets outlive a restart, so URLs handed out before it stay valid."""
        with SERVERS[kind](folder) as server:
            before = server.endpoint
        with SERVERS[kind](folder) as server:
            after = server.endpoint
        assert before.pid != after.pid
        assert repr(before).replace(str(before.pid), "") == repr(after).replace(str(after.pid), "")

    def test_starting_twice_is_starting_once(self, kind: str, folder: Path) -> None:
        """A second `start()` of the same object returns the same server."""
        with SERVERS[kind](folder) as server:
            assert server.start() is server.start()

    def test_a_thread_that_ends_takes_no_server_with_it(self, kind: str, folder: Path) -> None:
        """The server lives as long as the process that started it, not as the thread."""
        server = SERVERS[kind](folder)
        with ThreadPoolExecutor(1) as pool:
            endpoint = pool.submit(server.start).result()
        try:
            assert server.start() is endpoint
        finally:
            server.stop()

    def test_two_processes_at_once_share_one_server(
        self, kind: str, hold: Callable[..., Any], processes_of: Callable[..., Any], folder: Path
    ) -> None:
        """One of them starts it, the other attaches; both get the same address."""
        one, other = hold(kind), hold(kind)
        assert sorted([one.owned, other.owned]) == [False, True]
        assert one.endpoint == other.endpoint
        main_processes = [p for p in processes_of(folder) if p.pid == one.endpoint["pid"]]
        assert len(main_processes) == 1

    def test_an_ordinary_user_can_start_it(
        self, kind: str, hold: Callable[..., Any], folder: Path, ordinary_account: Any
    ) -> None:
        """Nothing needs root: everything runs as, and belongs to, the user who started it."""
        folder.mkdir()
        os.chown(folder, ordinary_account.uid, ordinary_account.gid)
        holder = hold(kind, account=ordinary_account)
        assert psutil.Process(holder.endpoint["pid"]).uids().real == ordinary_account.uid
        assert {path.stat().st_uid for path in folder.rglob("*")} == {ordinary_account.uid}
        holder.stop()

    def test_a_server_that_died_can_be_started_again(self, kind: str, folder: Path) -> None:
        """`start()` on the same object replaces a server killed meanwhile."""
        with SERVERS[kind](folder) as server:
            first = server.endpoint.pid
            os.kill(first, signal.SIGKILL)
            assert server.start().pid != first
            assert server.owned

    def test_secrets_are_readable_by_their_owner_alone(self, kind: str, folder: Path) -> None:
        """No file of the folder that holds a password, a key or a log is open to others."""
        with SERVERS[kind](folder):
            modes = {path.name: path.stat().st_mode & 0o077 for path in folder.iterdir() if path.is_file()}
        assert set(modes.values()) == {0}

    def test_a_file_in_the_way_is_explained(self, kind: str, folder: Path) -> None:
        """A data folder that cannot be made is named in a sentence."""
        taken = folder.with_name("file")
        taken.write_text("not a folder")
        with pytest.raises(EmbeddedServerError, match=f"cannot use the data folder {taken}: File exists"):
            SERVERS[kind](taken).start()

    async def test_it_can_be_used_from_asyncio(self, kind: str, folder: Path) -> None:
        """`async with` starts and stops it without holding the event loop up."""
        async with SERVERS[kind](folder) as server:
            assert server.owned


class TestStop:
    def test_stop_leaves_no_process(self, kind: str, folder: Path, processes_of: Callable[..., Any]) -> None:
        """When `stop()` returns, every process of the server has ended."""
        with SERVERS[kind](folder):
            assert processes_of(folder)
        assert not processes_of(folder)

    def test_one_who_attached_leaves_without_harm(self, kind: str, folder: Path, hold: Callable[..., Any]) -> None:
        """Only the owner's `stop()` stops the server."""
        with SERVERS[kind](folder) as owner:
            attached = hold(kind)
            assert not attached.owned
            attached.stop()
            assert owner.start().pid == attached.endpoint["pid"]

    def test_the_owner_need_not_wait_for_others(
        self, kind: str, folder: Path, hold: Callable[..., Any], processes_of: Callable[..., Any]
    ) -> None:
        """Without `linger` the server stops with its owner although others use it."""
        with SERVERS[kind](folder):
            assert not hold(kind).owned
        assert not processes_of(folder)

    def test_a_lingering_owner_waits_for_others(self, kind: str, folder: Path, hold: Callable[..., Any]) -> None:
        """With `linger` the server stays until the last one has left."""
        owner = SERVERS[kind](folder, linger=60)
        owner.start()
        attached = hold(kind)
        assert not attached.owned
        with ThreadPoolExecutor(1) as pool:
            stopping = pool.submit(owner.stop)
            newcomer = hold(kind)
            assert newcomer.endpoint == attached.endpoint
            attached.stop()
            with pytest.raises(TimeoutError):
                stopping.result(0.2)
            newcomer.stop()
            stopping.result(20)
        assert not owner.owned

    def test_a_killed_owner_leaves_no_process(
        self, kind: str, folder: Path, hold: Callable[..., Any], processes_of: Callable[..., Any], eventually: Any
    ) -> None:
        """The server ends by itself after a kill -9 of the process that started it."""
        owner = hold(kind)
        assert owner.owned
        owner.kill()
        assert eventually(lambda: not processes_of(folder))

    def test_after_a_killed_owner_the_next_one_owns(self, kind: str, hold: Callable[..., Any]) -> None:
        """One who attached to a server that died with its owner can start it anew at once."""
        first, second = hold(kind), hold(kind)
        owner = first if first.owned else second
        assert sorted([first.owned, second.owned]) == [False, True]
        owner.kill()
        third = hold(kind)
        assert third.owned
        third.stop()

    def test_a_forked_child_does_not_stop_it(self, kind: str, folder: Path) -> None:
        """The server belongs to the process that started it, not to copies of that process."""
        with SERVERS[kind](folder) as server:
            child = os.fork()
            if child == 0:
                server.stop()
                os._exit(0)
            os.waitpid(child, 0)
            assert psutil.pid_exists(server.endpoint.pid)
            assert server.owned
