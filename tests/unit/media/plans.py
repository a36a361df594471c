"""Plans to write playlists from."""

from fractions import Fraction

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


def plan(
    seconds: Fraction | int = 60,
    *,
    rate: Rate = THIRTY,
    size: tuple[int, int] | None = (1920, 1080),
    audio: AudioRendition | None = None,
) -> Plan:
    """A plan for a source of some length; without a picture where `size` is None."""
    rungs = ladder(*size, rate) if size else ()
    return on_grid(make_grid(rate, Fraction(seconds)), rungs, audio)


def on_grid(grid: Grid, rungs: tuple[VideoRendition, ...], audio: AudioRendition | None) -> Plan:
    """A plan of given parts."""
    source = Source(container="mov", start_time=(0, 1), duration=grid.duration.as_integer_ratio())
    return Plan(version=1, recipe="r1", grid=grid, video=rungs, audio=audio, source=source, cells_per_chunk=3)
