"""How a worker runs FFmpeg for a job."""

from matinee.common.config import Settings
from matinee.media.binaries import find_binaries
from matinee.media.brake import Brake
from matinee.media.encode import EncoderOptions
from matinee.media.ffmpeg import ProcessLimits

_LEAST_WALL_SECONDS = 600.0
_WALL_SECONDS_A_SECOND = 120.0  # of video; a slow machine with a hard source still gets through, a hung one ends


class Options:
    """What the settings say, with the brake that all of a worker's processes share."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.brake = Brake()
        self.binaries = find_binaries(
            *(str(path) if path else None for path in (settings.ffmpeg_path, settings.ffprobe_path))
        )

    def __call__(self, seconds: float, *, urgent: bool = False) -> EncoderOptions:
        """For so many seconds of video; what a person waits for goes before the background."""
        wall = _LEAST_WALL_SECONDS + _WALL_SECONDS_A_SECOND * seconds
        nice = self._settings.ffmpeg_nice
        return EncoderOptions(
            binaries=self.binaries,
            limits=ProcessLimits(
                wall_seconds=wall, cpu_seconds=int(wall * 4), niceness=nice // 2 if urgent else nice
            ),
            max_pixels=self._settings.max_source_pixels,
            device=str(self._settings.vaapi_device),
            brake=None if urgent else self.brake,
        )
