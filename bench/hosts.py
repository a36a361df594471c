"""Hosts of one machine: network namespaces that share nothing but what listens on their bridge's address.

    with Network(2) as network:
        port = network.offer(5432)          # what listens on 127.0.0.1:5432, at network.address:port
        subprocess.Popen([*network.hosts[0].command, "matinee", "worker"])
        network.hosts[0].cut()

It needs root and the program `ip`; `Network` raises HostsUnavailable with a sentence where it has not both.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import threading
from contextlib import ExitStack
from types import TracebackType
from typing import Self

_MOST = 200  # hosts of a network: their addresses end in 2 and more


class HostsUnavailable(Exception):
    """Why there can be no hosts here."""


class Host:
    """A network namespace with one cable."""

    def __init__(self, network: str, number: int, address: str) -> None:
        self.name = f"{network}-{number}"
        self.address = address
        self._cable = f"{network}v{number}"
        self._network = network

    @property
    def command(self) -> list[str]:
        """What a command has to begin with to run there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Pulls the cable: nothing arrives any more, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """Puts it in again."""
        _ip("link", "set", self._cable, "up")

    def build(self) -> None:
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        _ip("link", "set", self._cable, "master", self._network, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")
        _ip("-n", self.name, "address", "add", f"{self.address}/24", "dev", "eth0")
        _ip("-n", self.name, "link", "set", "eth0", "up")

    def remove(self) -> None:
        with contextlib.suppress(HostsUnavailable):
            _ip("link", "delete", self._cable)  # at once: the namespace's own end may take a while
        with contextlib.suppress(HostsUnavailable):
            _ip("netns", "delete", self.name)


class Network:
    """A bridge and hosts on it, for the time of a `with` block."""

    def __init__(self, hosts: int) -> None:
        assert hosts <= _MOST
        if os.geteuid() != 0 or shutil.which("ip") is None:
            raise HostsUnavailable(
                "Hosts are network namespaces: run this as root, with the program `ip` (iproute2)."
            )
        number = os.getpid() % 250
        self._name = f"mtn{os.getpid()}"  # an interface's name has 15 characters at most
        self.address = f"10.213.{number}.1"
        self.hosts = [Host(self._name, n, f"10.213.{number}.{n + 2}") for n in range(hosts)]
        self._resources = ExitStack()
        self._relays = _Relays()

    def __enter__(self) -> Self:
        with ExitStack() as building:
            _ip("link", "add", self._name, "type", "bridge")
            building.callback(_ip, "link", "delete", self._name)
            _ip("address", "add", f"{self.address}/24", "dev", self._name)
            _ip("link", "set", self._name, "up")
            for host in self.hosts:
                building.callback(host.remove)
                host.build()
            building.enter_context(self._relays)
            self._resources = building.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()

    def offer(self, port: int) -> int:
        """The port at the bridge's address that leads to a port of the loopback interface."""
        return self._relays.open(self.address, port)


class _Relays:
    """Passes connections on, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def open(self, address: str, port: int) -> int:
        return asyncio.run_coroutine_threadsafe(self._listen(address, port), self._loop).result(10)

    async def _listen(self, address: str, port: int) -> int:
        async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))

        server = await asyncio.start_server(pass_on, address, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:  # a connection may have come in just before
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(256 * 1024):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # one side is gone; the other hears of it
    finally:
        writer.close()


def _ip(*arguments: str) -> None:
    ended = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise HostsUnavailable(f"`ip {' '.join(arguments)}` failed: {ended.stderr.strip()}")
