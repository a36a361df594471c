"""From the facts of a source to the plan of its encoding; pure."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import msgspec

from .captions.languages import UNKNOWN, canonical_language
from .faults import MediaFault
from .grid import AUDIO_ONLY_RATE, make_grid, output_rate
from .ladder import display_size, ladder
from .model import (
    AAC_FRAME_SAMPLES,
    AudioRendition,
    Grid,
    H264Encoder,
    Plan,
    Rate,
    Source,
    VideoRange,
    VideoRendition,
)
from .probe import AudioFacts, Probe, VideoFacts
from .title import Fitted

PLAN_VERSION = 2
"""1 had one sound; see `stored_plans`."""
RECIPE = "r4"
CELLS_PER_CHUNK = 3
"""Cells that one job of the background makes. Fewer: more jobs. More: a job that is lost costs more."""

LONGER_SOUND_SECONDS = Fraction(1, 2)
"""Sound that outlasts the picture by more keeps the last picture on; less is cut."""

PASSTHROUGH_MAX_BITS = 192_000
ENCODED_RATE = 48_000
ENCODED_BITS = {1: 96_000, 2: 128_000, 6: 320_000}
SURROUND_CHANNELS = 6
ENCODER_PRIMING_FRAMES = 1


def make_plan(probe: Probe, *, measured: bool = False, encoder: H264Encoder = "libx264") -> Plan:
    """Decide everything about the encoding.

    `encoder` makes the ladder, except for its lowest rung: that one costs a processor little, and any worker can make
    a video playable.
    With `measured` the gain of each sound stays open until its loudness was measured. Raises MediaFault when there is
    nothing to encode.
    """
    if probe.video is None and probe.audio is None:
        raise MediaFault("not_a_video")
    reasons: list[str] = []
    rate = _rate(probe.video, reasons)
    origin = _origin(probe, rate)
    grid, video_end = _grid(probe, rate, origin, reasons)
    video = tuple(
        msgspec.structs.replace(rung, encoder=encoder) if place > 0 else rung
        for place, rung in enumerate(_video(probe.video, rate, reasons))
    )
    gain = None if measured else 0.0
    sounds = [
        sound
        for place, facts in enumerate(probe.sounds)
        for sound in plan_sound(facts, sound_name(place), origin, grid, probe.container, reasons, gain_db=gain)
    ]
    for codec in probe.unheard:
        which = "Another" if probe.sounds else "The"
        reasons.append(f"{which} sound is coded as {codec!r}, which cannot be decoded: it is left out.")
    if probe.keyframes_apart is not None:
        apart = int(probe.keyframes_apart)
        reasons.append(f"Its keyframes are {apart} s apart or more: it is encoded from front to back by one process.")
    elif not probe.seekable:
        reasons.append("The file has no index: it is encoded from front to back by one process.")
    return Plan(
        version=PLAN_VERSION,
        recipe=RECIPE if encoder == "libx264" else f"{RECIPE}-{encoder}",  # cells of two encoders are never mixed
        grid=grid,
        video=video,
        sounds=tuple(sounds),
        source=_source(probe, origin, video_end),
        cells_per_chunk=CELLS_PER_CHUNK if probe.seekable else grid.cells,
        reasons=tuple(reasons),
    )


def _rate(video: VideoFacts | None, reasons: list[str]) -> Rate:
    if video is None:
        reasons.append("There is no picture: only the sound is offered.")
        return AUDIO_ONLY_RATE
    rate = output_rate(video.average_rate, video.nominal_rate)
    if abs(rate.fraction - video.average_rate) > rate.fraction / 1000:
        was = f"{float(video.average_rate):.3g}"
        reasons.append(f"The frame rate of about {was} is brought to a steady {float(rate.fraction):.5g}.")
    return rate


def _origin(probe: Probe, rate: Rate) -> Fraction:
    """The source timestamp of second 0: the first picture, or whole frames before it if sound begins earlier.

    Whole frames, so that source pictures fall on output frames and not between two of them.
    """
    if probe.video is None:
        return probe.start
    lead = 0
    if probe.audio is not None and probe.audio.start < probe.video.start:
        lead = int((probe.video.start - probe.audio.start) * rate.fraction)
    return probe.video.start - lead / rate.fraction


def _grid(probe: Probe, rate: Rate, origin: Fraction, reasons: list[str]) -> tuple[Grid, Fraction]:
    audio_end = probe.audio.end - origin if probe.audio else Fraction(0)
    if probe.video is None:
        return make_grid(rate, audio_end), Fraction(0)
    video_end = probe.video.end - origin
    if audio_end > video_end + LONGER_SOUND_SECONDS:
        reasons.append("The sound is longer than the picture: the last picture stays on.")
        return make_grid(rate, audio_end), video_end
    return make_grid(rate, video_end), video_end


def _video(facts: VideoFacts | None, rate: Rate, reasons: list[str]) -> tuple[VideoRendition, ...]:
    if facts is None:
        return ()
    if facts.hdr:
        reasons.append("The picture is HDR: it is tone-mapped to BT.709.")
    if facts.interlaced:
        reasons.append("The picture is interlaced: its fields are blended into frames.")
    if facts.rotation:
        reasons.append(f"The picture is turned by {facts.rotation} degrees.")
    if facts.mirrored:
        reasons.append("The picture is mirrored, as its header wants it.")
    width, height = display_size(facts.width, facts.height, facts.sample_aspect, facts.rotation)
    return ladder(width, height, rate)


def titled(plan: Plan, fitted: Fitted) -> Plan:
    """The plan with the ladder that trial encodes have chosen."""
    reasons = (*plan.reasons, fitted.reason)
    return msgspec.structs.replace(plan, video=fitted.rungs, spare=fitted.spare, titled=True, reasons=reasons)


def sound_name(place: int) -> str:
    """The rendition of the sound at that place of the file: `audio`, `audio2`, …"""
    return f"audio{place + 1}" if place else "audio"


def surround_name(name: str) -> str:
    """The rendition with more channels beside the stereo one of that name."""
    return f"{name}-surround"


def plan_sound(
    facts: AudioFacts,
    name: str,
    origin: Fraction,
    grid: Grid,
    container: str,
    reasons: list[str],
    *,
    gain_db: float | None = 0.0,
) -> list[AudioRendition]:
    """The renditions of one sound: stereo or mono for everybody, and 5.1 where it has as many channels.

    `origin` is the timestamp of its file that is second 0 of the grid.
    """
    which = "The sound" if name == sound_name(0) else f"The sound {name!r}"
    copied = _copied(facts, name, origin, grid, container)
    if copied is not None:
        reasons.append(f"{which} is AAC already: it is copied.")
        return [msgspec.structs.replace(copied, gain_db=gain_db)]
    channels = 1 if facts.channels == 1 else 2
    if facts.channels > 2:
        reasons.append(f"{which} has {facts.channels} channels: it is mixed down to stereo.")
    stereo = _encoded(facts, name, channels, gain_db)
    if not facts.layout.startswith(("5.1", "7.1")):
        return [stereo]
    mixed = ", mixed down," if facts.channels > SURROUND_CHANNELS else ""
    reasons.append(f"{which} is offered{mixed} as 5.1 as well.")
    surround = _encoded(facts, surround_name(name), SURROUND_CHANNELS, gain_db)
    return [stereo, msgspec.structs.replace(surround, surround_of=name)]


def _encoded(facts: AudioFacts, name: str, channels: int, gain_db: float | None) -> AudioRendition:
    return AudioRendition(
        name=name,
        codecs="mp4a.40.2",
        sample_rate=ENCODED_RATE,
        channels=channels,
        bit_rate=ENCODED_BITS[channels],
        passthrough=False,
        language=_language(facts),
        skipped_frames=ENCODER_PRIMING_FRAMES,
        stream=facts.index,
        title=facts.title,
        coded_language=facts.language,
        gain_db=gain_db,
    )


def encoded_anew(sound: AudioRendition) -> AudioRendition:
    """A sound that would have been copied, encoded in its place."""
    return msgspec.structs.replace(
        sound,
        sample_rate=ENCODED_RATE,
        bit_rate=ENCODED_BITS[sound.channels],
        passthrough=False,
        first_sample=0,
        skipped_frames=ENCODER_PRIMING_FRAMES,
    )


def _copied(facts: AudioFacts, name: str, origin: Fraction, grid: Grid, container: str) -> AudioRendition | None:
    """The rendition that copies the source's frames, when they are fit for it.

    Fit is: AAC-LC in stereo or mono, of a usual rate and size, an index that proves there is no gap, and frames from
    the first to the last moment of the grid.
    """
    priming = round((facts.start - facts.first_packet) * facts.sample_rate)
    listed = facts.duration_samples + priming
    gapless = (facts.frames - 1) * AAC_FRAME_SAMPLES < listed <= facts.frames * AAC_FRAME_SAMPLES
    if (
        container != "mov"
        or (facts.codec, facts.profile) != ("aac", "LC")
        or facts.channels not in (1, 2)
        or facts.sample_rate not in (44_100, 48_000)
        or not 0 < facts.bit_rate <= PASSTHROUGH_MAX_BITS
        or not gapless
    ):
        return None
    # Where the first packet lies, in samples of the grid; packets before second 0 are skipped.
    first = round((facts.first_packet - origin) * facts.sample_rate)
    skipped = max(0, -(first // AAC_FRAME_SAMPLES))
    first += skipped * AAC_FRAME_SAMPLES
    rendition = AudioRendition(
        name=name,
        codecs="mp4a.40.2",
        sample_rate=facts.sample_rate,
        channels=facts.channels,
        bit_rate=facts.bit_rate,
        passthrough=True,
        language=_language(facts),
        first_sample=first,
        skipped_frames=skipped,
        stream=facts.index,
        title=facts.title,
        coded_language=facts.language,
    )
    covers = first < AAC_FRAME_SAMPLES and rendition.first_frame_at(grid.duration) + skipped <= facts.frames
    return rendition if covers else None


def _language(facts: AudioFacts) -> str | None:
    language = canonical_language(facts.language or UNKNOWN)
    return None if language == UNKNOWN else language


def _source(probe: Probe, origin: Fraction, video_end: Fraction) -> Source:
    video, audio = probe.video, probe.audio
    source = Source(
        container=probe.container,
        start_time=origin.as_integer_ratio(),
        duration=(probe.start + probe.duration - origin).as_integer_ratio(),
        audio_stream=audio.index if audio else None,
        audio_codec=audio.codec if audio else None,
        seekable=probe.seekable,
    )
    if video is None:
        return source
    width, height = display_size(video.width, video.height, video.sample_aspect, video.rotation)
    return Source(
        container=source.container,
        start_time=source.start_time,
        duration=source.duration,
        video_stream=video.index,
        audio_stream=source.audio_stream,
        video_codec=video.codec,
        audio_codec=source.audio_codec,
        width=width,
        height=height,
        rotation=video.rotation,
        video_start=(video.start - origin).as_integer_ratio(),
        video_end=video_end.as_integer_ratio(),
        hdr=video.hdr,
        video_range=_range(video),
        interlaced=video.interlaced,
        bit_depth=video.bit_depth,
        matrix=_matrix(video),
        seekable=probe.seekable,
    )


def _range(video: VideoFacts) -> VideoRange:
    if not video.hdr:
        return "SDR"
    return "PQ" if video.transfer == "smpte2084" else "HLG"


def _matrix(video: VideoFacts) -> Literal["bt709", "bt601", "bt2020"]:
    if video.matrix.startswith("bt2020"):
        return "bt2020"
    if video.matrix in ("smpte170m", "bt470bg", "fcc"):
        return "bt601"
    # Files that do not say were made by the habit of their size.
    return "bt709" if video.matrix == "bt709" or video.height >= 720 or video.width >= 1280 else "bt601"
