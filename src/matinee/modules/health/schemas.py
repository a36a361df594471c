"""Wire types of health."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class Live(msgspec.Struct):
    """The process answers."""

    status: Annotated[Literal["ok"], Meta(description="Always `ok`.")]
    version: Annotated[str, Meta(description="Matinee's version.", examples=["0.1.0"])]


class Ready(msgspec.Struct, kw_only=True):
    """Everything that requests need is there."""

    status: Annotated[Literal["ok"], Meta(description="Always `ok`; otherwise the answer is 503.")]
    checks: Annotated[dict[str, str], Meta(description="Each dependency: `ok`.", examples=[{"database": "ok"}])]
