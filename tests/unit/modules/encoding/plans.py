"""Plans by hand, for tests of what is made from them."""

from matinee.media.model import AudioRendition, Grid, Plan, Rate, Source, VideoRendition

LOW = VideoRendition("v240", 426, 240, 23, 400_000, 400_000, "high", "2.1", "avc1.640015")
HIGH = VideoRendition("v480", 852, 480, 23, 1_200_000, 1_200_000, "high", "3.0", "avc1.64001e")
SOUND = AudioRendition("audio", "mp4a.40.2", 48_000, 2, 128_000, passthrough=False)
GERMAN = AudioRendition("audio2", "mp4a.40.2", 48_000, 2, 128_000, passthrough=False, language="de")


def plan(*video: VideoRendition, sounds: tuple[AudioRendition, ...] = (SOUND,), cells: int = 10) -> Plan:
    """A plan of so many cells of four seconds, three a chunk."""
    return Plan(
        version=2,
        recipe="r1",
        grid=Grid(Rate(25, 1), 100, 100 * cells),
        video=video,
        sounds=sounds,
        source=Source("mov", (0, 1), (4 * cells, 1)),
        cells_per_chunk=3,
    )
