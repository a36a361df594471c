"""Who is at work: known where a request, a command or a job begins, asked for where something is recorded.

It rides beside the arguments, because every change may be recorded and none depends on it.
"""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Literal
from uuid import UUID

import msgspec

ActorKind = Literal["account", "api_key", "anyone", "command_line", "server"]


class Actor(msgspec.Struct, frozen=True):
    """Who does something, and from where."""

    kind: ActorKind
    account_id: UUID | None = None
    key_id: UUID | None = None
    ip: str | None = None


SERVER, COMMAND_LINE = Actor("server"), Actor("command_line")

# A function, so that a request that records nothing pays for nothing.
_acting: ContextVar[Callable[[], Actor]] = ContextVar("acting", default=lambda: SERVER)


def act_as(source: Callable[[], Actor]) -> None:
    """Says who is at work from now on in this task; `source` is called when it matters."""
    _acting.set(source)


def actor() -> Actor:
    """Who is at work: the server itself, where nobody has said."""
    return _acting.get()()
