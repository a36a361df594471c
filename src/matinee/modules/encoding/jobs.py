"""The jobs of encoding as they are enqueued: their names, lanes, order and uniqueness."""

from uuid import UUID

from matinee.common.config import HARDWARE_LABELS
from matinee.common.jobs import BEHIND, URGENT, NewJob
from matinee.media.model import H264Encoder, Plan
from matinee.modules.encoding.ahead import REGION_CELLS, region_of

INGEST = "encoding.ingest"
CHUNK = "encoding.chunk"
ALTERNATIVES = "encoding.alternatives"
DEMAND = "encoding.demand"
AUDIO = "encoding.audio"
COPY = "encoding.copy"
POSTER = "encoding.poster"
TITLE = "encoding.title"
FILL = "encoding.fill"

# Within the ingest lane: a video that has begun becomes playable before the next one begins.
_AUDIO_FIRST = 20
_COPY_SOON = 15  # a minute of video, which takes a second or two
_INGEST_NEXT = 10
_TITLE_FIRST = 2  # in the lane of the chunks, before them: it says how they are made
_OTHER_SOUNDS = 1  # in the lane of the chunks, before them: a sound takes as long as one or two of these
_FILL_FIRST = 1  # in the lane of upkeep, before all that its owner has deleted: encoders would stand idle
# Somebody waits. Above what is made ahead of viewers (0) and every background chunk (0 and less).
WANTED = URGENT


def ingest_job(video_id: UUID) -> NewJob:
    """Looks at an uploaded file, plans it and makes it playable."""
    return NewJob(
        name=INGEST,
        lane="ingest",
        args={"video_id": str(video_id)},
        priority=_INGEST_NEXT,
        unique=f"ingest:{video_id}",
    )


def audio_job(video_id: UUID, rendition: str, *, first: bool, wanted: bool = False) -> NewJob:
    """Makes a whole sound. Without the first a video cannot be played; the others take no slot of its lane."""
    rest = WANTED if wanted else _OTHER_SOUNDS
    return NewJob(
        name=AUDIO,
        lane="ingest" if first else "encode",
        args={"video_id": str(video_id), "rendition": rendition},
        priority=_AUDIO_FIRST if first else rest,
        unique=f"audio:{video_id}:{rendition}",
    )


def other_sound_jobs(video_id: UUID, plan: Plan) -> list[NewJob]:
    """Every sound but the first."""
    return [audio_job(video_id, sound.name, first=False) for sound in plan.sounds[1:]]


def fill_job(video_id: UUID, delay: float, *, again: bool = False) -> NewJob:
    """Enqueues whatever of a video nobody waits for, some seconds after it can be played.

    They are many, which costs a third of a second that nobody needs to wait for; and who has uploaded a film looks
    at it at once. `again`: it was filled before, or found that there was nothing to fill.
    """
    return NewJob(
        name=FILL,
        lane="upkeep",
        args={"video_id": str(video_id), **({"again": True} if again else {})},
        priority=_FILL_FIRST,
        unique=f"fill:{video_id}",
        delay=delay,
    )


def poster_job(video_id: UUID) -> NewJob:
    """Makes the still picture."""
    return NewJob(name=POSTER, lane="ingest", args={"video_id": str(video_id)}, unique=f"poster:{video_id}")


def title_job(video_id: UUID, needs: frozenset[str] = frozenset()) -> NewJob:
    """Tries the ladder on the picture, and changes it to what the picture needs."""
    return NewJob(
        name=TITLE,
        lane="encode",
        args={"video_id": str(video_id)},
        priority=_TITLE_FIRST,
        unique=f"title:{video_id}",
        needs=needs,
    )


def demand_job(
    video_id: UUID, rendition: str, region: int, *, wanted: bool = False, needs: frozenset[str] = frozenset()
) -> NewJob:
    """Makes what viewers need of a region of a rendition."""
    return NewJob(
        name=DEMAND,
        lane="demand",
        args={"video_id": str(video_id), "rendition": rendition, "region": region},
        priority=WANTED if wanted else 0,
        unique=f"demand:{video_id}:{rendition}:{region}",
        needs=needs,
    )


HARDWARE: dict[H264Encoder, frozenset[str]] = {
    "libx264": frozenset(),
    "h264_vaapi": frozenset({"vaapi"}),
    "h264_nvenc": frozenset({"nvenc"}),
}
"""The label of workers that have an encoder; all have x264."""
BIG = "big"
"""The label of workers that take on large pictures."""


def needs_of(plan: Plan, big_pixels: int) -> frozenset[str]:
    """What a worker must be able to do to fill in a video: from so many pixels on it must be big; 0: never.

    And it must have the encoders of the ladder.
    """
    is_big = 0 < big_pixels <= plan.source.width * plan.source.height
    hardware = frozenset().union(*(HARDWARE[rung.encoder] for rung in plan.video))
    return hardware | {BIG} if is_big else hardware


def cell_needs(plan: Plan, rendition: str) -> frozenset[str]:
    """What a worker must be able to do to make any cell of a rendition by itself."""
    return next((HARDWARE[rung.encoder] for rung in plan.encodable if rung.name == rendition), frozenset())


def viewers_needs(plan: Plan, big_pixels: int) -> dict[str, frozenset[str]]:
    """By rendition that is encoded, what a worker must be able to do to make what a viewer waits for.

    Of what can be made cell by cell that is its encoder; else the chunk is made, which is the whole video.
    """
    if plan.source.seekable:
        return {rung.name: cell_needs(plan, rung.name) for rung in plan.encodable}
    needs = needs_of(plan, big_pixels)
    return {rung.name: needs if rung in plan.video else needs - HARDWARE_LABELS for rung in plan.pictures}


def chunk_job(
    video_id: UUID, chunk: int, *, wanted: bool = False, needs: frozenset[str] = frozenset(), delay: float = 0.0
) -> NewJob:
    """Makes what is missing of a chunk. Of an owner's videos together the earliest chunks come first."""
    return NewJob(
        name=CHUNK,
        lane="encode",
        args={"video_id": str(video_id), "chunk": chunk},
        priority=WANTED if wanted else -chunk,
        unique=f"chunk:{video_id}:{chunk}",
        needs=needs,
        delay=delay,
    )


def alternatives_job(
    video_id: UUID, chunk: int, *, wanted: bool = False, needs: frozenset[str] = frozenset()
) -> NewJob:
    """Makes what is missing of a chunk in the codecs beside H.264, when the ladders of all videos are done."""
    return NewJob(
        name=ALTERNATIVES,
        lane="encode",
        args={"video_id": str(video_id), "chunk": chunk},
        priority=WANTED if wanted else BEHIND - chunk,
        unique=f"alternatives:{video_id}:{chunk}",
        needs=needs - HARDWARE_LABELS,  # their encoders are software
    )


def alternatives_jobs(video_id: UUID, plan: Plan, needs: frozenset[str] = frozenset()) -> list[NewJob]:
    """Every chunk in the codecs beside H.264."""
    chunks = range(plan.chunks) if plan.alternatives else range(0)
    return [alternatives_job(video_id, chunk, needs=needs) for chunk in chunks]


def copy_job(video_id: UUID, plan: Plan, part: int) -> NewJob:
    """Copies what is missing of a minute of the source's own picture.

    The first goes with the plan, for the best quality to be there at once; each later one before the chunks of its
    minute, for it costs next to nothing beside them.
    """
    return NewJob(
        name=COPY,
        lane="ingest" if part == 0 else "encode",
        args={"video_id": str(video_id), "part": part},
        priority=_COPY_SOON if part == 0 else 1 - plan.chunk_of(part * REGION_CELLS),
        unique=f"copy:{video_id}:{part}",
    )


def later_jobs(video_id: UUID, plan: Plan, needs: frozenset[str] = frozenset()) -> list[NewJob]:
    """Whatever follows the first copied part and the first chunk, which is enqueued when its lowest rung is done.

    Of a video that opens with a copy no more than that copy's first cell exists by then: it has all of them.
    """
    first = 0 if plan.opens_copied else 1
    chunks = [chunk_job(video_id, chunk, needs=needs) for chunk in range(first, plan.chunks)] if plan.video else []
    return chunks + copy_jobs(video_id, plan)[first:]


def copy_jobs(video_id: UUID, plan: Plan) -> list[NewJob]:
    """Every part of the source's own picture; none where it is not offered."""
    parts = region_of(plan.copied.cells - 1) + 1 if plan.copied else 0
    return [copy_job(video_id, plan, part) for part in range(parts)]
