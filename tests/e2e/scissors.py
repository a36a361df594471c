"""A line to a server that is cut, again and again, after any number of bytes of what is sent."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_SAFE_BYTES = 4_000  # of a connection: a request without a body gets through
_READ = 16_384


class Scissors:
    """Cuts each connection after `_SAFE_BYTES` to `longest` bytes from the client, until it has cut so many."""

    def __init__(self, port: int, cuts: int, longest: int) -> None:
        self.left = cuts
        self._port = port
        self._longest = longest
        self._chance = random.Random(cuts)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        with suppress(OSError):  # the end
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                limit = self._chance.randrange(_SAFE_BYTES, self._longest) if self.left else None
                for pair, most in (((client, server), limit), ((server, client), None)):
                    threading.Thread(target=self._pass_on, args=(*pair, most), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _pass_on(self, source: socket.socket, target: socket.socket, most: int | None) -> None:
        with suppress(OSError):
            passed = 0
            while data := source.recv(_READ):
                passed += len(data)
                if most is not None and passed > most and self.left:
                    self.left -= 1
                    if self._chance.random() < 0.5:  # rudely: what was on its way is lost
                        target.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def cutting(port: int, cuts: int, longest: int) -> Iterator[Scissors]:
    """Such a line to a port of this machine."""
    scissors = Scissors(port, cuts, longest)
    thread = threading.Thread(target=scissors.serve)
    thread.start()
    try:
        yield scissors
    finally:
        scissors.close()
        thread.join()
