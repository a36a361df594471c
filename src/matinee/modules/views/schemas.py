"""Wire types of views."""

from typing import Annotated

import msgspec
from msgspec import Meta


class Watched(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody has seen of a video by now."""

    seconds: Annotated[
        float,
        Meta(
            ge=0, le=604_800, description="Of playing, not of the time line: what was skipped is none.", examples=[10]
        ),
    ]
