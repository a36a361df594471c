"""Plans to write playlists from."""

from fractions import Fraction

import msgspec

from matinee.media.grid import make_grid
from matinee.media.ladder import ladder
from matinee.media.model import AudioRendition, Grid, Plan, Rate, Source, VideoRendition

NTSC = Rate(30000, 1001)
THIRTY = Rate(30, 1)


def sound(sample_rate: int = 48_000, *, first_sample: int = 0, language: str | None = None) -> AudioRendition:
    """A stereo sound track."""
    return AudioRendition(
        name="audio",
        codecs="mp4a.40.2",
        sample_rate=sample_rate,
        channels=2,
        bit_rate=128_000,
        passthrough=first_sample != 0,
        language=language,
        first_sample=first_sample,
    )


def dubbed() -> tuple[AudioRendition, ...]:
    """An English sound in stereo and 5.1, and two German ones, of which nobody said how they differ."""
    english = msgspec.structs.replace(sound(language="en"), title="Original")
    surround = msgspec.structs.replace(
        english, name="audio-surround", channels=6, bit_rate=320_000, surround_of="audio"
    )
    german = [msgspec.structs.replace(sound(language="de"), name=name) for name in ("audio2", "audio3")]
    return (english, surround, *german)


def even_grid(rate: Rate, seconds: Fraction) -> Grid:
    """A grid whose first cell is as long as the others, as in old plans: numbers that a reader can follow."""
    return msgspec.structs.replace(make_grid(rate, seconds), opening_frames=0)


def plan(
    seconds: Fraction | int = 60,
    *,
    rate: Rate = THIRTY,
    size: tuple[int, int] | None = (1920, 1080),
    audio: AudioRendition | None = None,
    sounds: tuple[AudioRendition, ...] = (),
) -> Plan:
    """A plan for a source of some length; without a picture where `size` is None."""
    rungs = ladder(*size, rate) if size else ()
    return on_grid(even_grid(rate, Fraction(seconds)), rungs, *((audio,) if audio else sounds))


def opened(plan: Plan) -> Plan:
    """The plan with the short first cell that plans have since recipe r4."""
    return msgspec.structs.replace(plan, grid=make_grid(plan.grid.rate, plan.grid.duration))


def on_grid(grid: Grid, rungs: tuple[VideoRendition, ...], *sounds: AudioRendition) -> Plan:
    """A plan of given parts."""
    source = Source(container="mov", start_time=(0, 1), duration=grid.duration.as_integer_ratio())
    return Plan(version=2, recipe="r1", grid=grid, video=rungs, sounds=sounds, source=source, cells_per_chunk=3)
