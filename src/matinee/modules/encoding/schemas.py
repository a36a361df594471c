"""Wire types of encoding."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from matinee.media.model import Offer
from matinee.modules.encoding.policy import Policy

State = Literal["waiting", "running", "resting", "cancelled", "complete", "failed"]
SETTLED: frozenset[State] = frozenset({"resting", "cancelled", "complete", "failed"})
"""Nothing more is made by itself."""
WaitingFor = Literal["probe", "first_picture", "first_sound", "remaining_cells"]
Codecs = Annotated[
    list[Offer],
    Meta(
        max_length=8,
        description="What the video is offered in: `h264`, which is always made · `av1`, `hevc` · `av1-hdr`, "
        "`hevc-hdr`: of an HDR file, the picture as it is instead of tone-mapped. One that is taken off the list "
        "later keeps what it has.",
        examples=[["h264", "av1"]],
    ),
]
Percent = Annotated[float, Meta(ge=0, le=100, description="0 to 100, with one decimal.", examples=[37.5])]
EncodePolicy = Annotated[
    Policy,
    Meta(
        description="`eager`: every quality is made as a whole · `on_demand`: the lowest quality and the sound are, "
        "of a picture that is offered as it was uploaded the sound alone; of the others what is watched."
    ),
]


class RenditionProgress(msgspec.Struct):
    """One rendition, and how much of it exists."""

    name: Annotated[str, Meta(description="Unique in the video.", examples=["v720"])]
    kind: Annotated[Literal["video", "audio"], Meta(description="What it carries.")]
    width: Annotated[int | None, Meta(description="Pixels; null for sound.", examples=[1280])]
    height: Annotated[int | None, Meta(description="Pixels; null for sound.", examples=[720])]
    frame_rate: Annotated[float | None, Meta(description="Frames a second; null for sound.", examples=[29.97])]
    codecs: Annotated[str, Meta(description="RFC 6381.", examples=["avc1.64001f"])]
    bandwidth: Annotated[int, Meta(description="Bits a second at most.", examples=[2_650_000])]
    copied: Annotated[
        bool,
        Meta(
            description="Whether this is the picture of the uploaded file as it is: it conforms, and is not encoded."
        ),
    ]
    cells: Annotated[int, Meta(description="Segments of about four seconds that it will have.")]
    cells_stored: Annotated[int, Meta(description="Segments that exist.")]
    percent: Percent
    speed: Annotated[
        float | None,
        Meta(
            description="Seconds of it that a worker has made in a second of late, of this or other videos; null "
            "where that was not measured.",
            examples=[2.4],
        ),
    ]
    left_out: Annotated[
        str | None,
        Meta(
            description="Why players are not told of it, in a sentence: it is made more slowly than it lasts, and "
            "not all of it is stored. Null where they are told.",
            examples=[
                "It is made at 0.6 times real time, too slowly to be watched meanwhile: players are told of it when "
                "all of it is stored."
            ],
        ),
    ]


class Encoding(msgspec.Struct, kw_only=True):
    """How much of a video's renditions exists."""

    state: Annotated[
        State,
        Meta(
            description="`waiting`: nothing exists yet · `running`: some does · `complete`: all does · "
            "`resting`: what is missing is made when somebody wants to watch it, and nothing before · "
            "`cancelled`: the same, because somebody stopped the filling; "
            "POST videos/{video_id}/encoding/retry resumes it · "
            "`failed`: some of it could not be made; what exists stays playable, and what is missing is tried again "
            "when somebody wants to watch it."
        ),
    ]
    percent: Percent
    seconds_left: Annotated[
        int | None, Meta(description="Estimate until everything exists; null while there is nothing to go by.")
    ]
    waiting_for: Annotated[
        WaitingFor | None,
        Meta(
            description="What must come next: `probe`: the file is being looked at · `first_picture`, `first_sound`: "
            "without it the video cannot be played · `remaining_cells`: it plays, the rest is being filled in."
        ),
    ]
    renditions: Annotated[
        list[RenditionProgress],
        Meta(description="Pictures from the smallest up, codec by codec, then sound; empty before the probe."),
    ]
    notes: Annotated[
        list[str],
        Meta(
            description="Sentences for people on why it is encoded as it is, such as that a file has no index; empty "
            "before the probe, and where there is nothing to say.",
            examples=[["The picture conforms (H.264, 8-bit, a keyframe every 2 s): it is offered as it is."]],
        ),
    ]
