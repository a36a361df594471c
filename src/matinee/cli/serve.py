"""The server process: Granian in front of the application."""

from granian import Granian
from granian.constants import Interfaces, Loops
from granian.log import LogLevels

from matinee.common.config import Settings
from matinee.common.logging import logging_of


def run_server(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT; then lets requests finish for `shutdown_grace_seconds`."""
    Granian(
        "matinee.app:application",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        workers=settings.processes,
        workers_kill_timeout=settings.shutdown_grace_seconds,
        respawn_failed_workers=True,
        websockets=False,
        backpressure=1024,  # requests in hand per process; more wait in the socket's queue
        log_level=LogLevels.warning,
        log_dictconfig=logging_of("_granian"),
    ).serve()
