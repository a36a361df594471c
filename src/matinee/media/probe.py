"""What a source is: typed facts from two short ffprobe runs, one over its header and one over its ends.

Neither reads the whole file, unless the container has no index or no duration, when its packets are counted
(without decoding them). Where an MP4 says early how long it lasts, both run at once. Every source is taken to be
hostile.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any

import msgspec

from .binaries import Binaries, find_binaries
from .clocks import clock_restarts
from .faults import EncoderFailed, MediaFault
from .ffmpeg import MIB, Process, ProcessLimits, ProcessTimedOut, running
from .names import one_line
from .packets import HEAD_PACKETS, PacketSpan, packet_spans
from .sample_tables import Read, read_duration
from .source_access import (
    ALLOWED_DEMUXERS,
    MAX_ALLOC_BYTES,
    confinement,
    input_guards,
    input_name,
    input_was_lost,
    is_url,
)

HEADER_BYTES = 4 * MIB  # the most JSON that a header may turn into
TAIL_SECONDS = 3  # where the look at the end begins, before the end
FORETOLD_BADLY = Fraction(1)  # seconds that an early look may have been away from where it belongs
MOST_SOUNDS = 16
LONGEST_PRIMING = Fraction(1, 10)  # seconds
LONGEST_TITLE = 100  # characters
HEAD_PACKETS_A_STREAM = 20  # beyond the second: many sounds lie side by side
MISSING_TOLERANCE = Fraction(1)  # seconds that headers overstate in files nobody would call broken
FAR_APART = Fraction(20)
"""Seconds between keyframes over which every entry costs too much. x264's usual 250 frames are 10 s of a film and
17 s of a screen recording."""
GUESSED_SCORE = 25  # ffprobe's own mark for "the name fits, the content hardly"

# Sound that FFmpeg knows by name at most; phones write such tracks beside one that everybody can hear.
_UNHEARD_CODECS = ("none", "unknown", "ac4", "apple_apac", "mpegh_3d_audio", "lc3")

_PIXELS_REFUSED = re.compile(r"Picture size (\d+x\d+ exceeds specified max pixel count|\d{4,}x\d{4,} is invalid)")
_NO_INDEX = "moov atom not found"  # it is often written last: a real MP4 that lacks it was cut off
_ONLY_THE_NAME_FITS = "detected only with low score"


class Limits(msgspec.Struct, frozen=True):
    """What a source may be at most."""

    max_seconds: int = 12 * 3600
    max_pixels: int = 8192 * 4320
    max_streams: int = 64
    probe_seconds: float = 20.0
    """Wall time of a look at the header or the ends."""
    scan_seconds: float = 600.0
    """Wall time of counting all packets of a source without an index."""


DEFAULT_LIMITS = Limits()


class VideoFacts(msgspec.Struct, frozen=True):
    """The picture of a source. Times are seconds on the source's own clock."""

    index: int
    codec: str
    width: int
    height: int
    """Stored size, before sample aspect ratio and rotation."""
    sample_aspect: Fraction
    rotation: int
    """Degrees clockwise to turn the stored picture for display: 0, 90, 180 or 270."""
    mirrored: bool
    """Whether it is flipped for display, by itself or beside being turned."""
    pixel_format: str
    bit_depth: int
    transfer: str
    matrix: str
    """Transfer and matrix as FFmpeg names them; empty when the source does not say."""
    interlaced: bool
    average_rate: Fraction
    nominal_rate: Fraction
    start: Fraction
    end: Fraction

    @property
    def hdr(self) -> bool:
        """Whether the brightness is coded for HDR displays: PQ or HLG."""
        return self.transfer in ("smpte2084", "arib-std-b67")


class AudioFacts(msgspec.Struct, frozen=True):
    """The sound of a source. Times are seconds on the source's own clock."""

    index: int
    codec: str
    profile: str
    sample_rate: int
    channels: int
    layout: str
    """As FFmpeg names it, such as `5.1(side)`; empty when the source does not say."""
    bit_rate: int
    """Bits a second; 0 when the container does not say."""
    frames: int
    """Packets the index lists; 0 when there is no index."""
    duration_samples: int
    """What those packets last, in samples; 0 when unknown."""
    language: str | None
    title: str
    """What the source calls it; empty when it does not."""
    first_packet: Fraction
    """Timestamp of the first packet, encoder priming included; may be before `start`."""
    start: Fraction
    end: Fraction
    heard: Fraction
    """When it is first heard: behind what an encoder puts in front of it, and decoders leave out."""


class Probe(msgspec.Struct, frozen=True):
    """Everything the planner wants to know about a source."""

    container: str
    start: Fraction
    duration: Fraction
    video: VideoFacts | None
    sounds: tuple[AudioFacts, ...]
    """Those that can be decoded: the default one, then the others in the order of the file."""
    seekable: bool
    """Whether the source can be entered in the middle: it has an index, and keyframes not too far apart."""
    keyframes_apart: Fraction | None = None
    """Seconds that were found between two keyframes, where they are too far apart."""
    unheard: tuple[str, ...] = ()
    """How those are coded that nothing here can decode."""

    @property
    def audio(self) -> AudioFacts | None:
        """The sound that plays unless another is chosen."""
        return self.sounds[0] if self.sounds else None


async def probe(
    source: str,
    *,
    size: int | None = None,
    read: Read | None = None,
    limits: Limits = DEFAULT_LIMITS,
    binaries: Binaries | None = None,
) -> Probe:
    """Look at a source: a path, or an address of the loopback range server; `read` gives bytes of the same file.

    Raises MediaFault when the source is not a usable video or is over a limit, EncoderFailed when the look itself
    failed. `size` is the number of bytes, when known.
    """
    ffprobe = (binaries or find_binaries()).ffprobe
    if size is None and not is_url(source):
        size = os.stat(source).st_size  # noqa: PTH116 -- no pathlib in async code
    if size == 0:
        raise MediaFault("empty_file")
    async with _early_look(ffprobe, source, limits, read, size) as early:
        header = await _header(ffprobe, source, limits)
        facts = await _Reading(ffprobe, source, limits, header, early).facts()
    if size and read and await clock_restarts(facts.container, read, size):
        raise MediaFault("clock_restarts")
    return facts


async def _header(ffprobe: str, source: str, limits: Limits) -> dict[str, Any]:
    options = ["-show_format", "-show_streams", "-of", "json"]
    said, evidence = await ask_ffprobe(ffprobe, source, limits, options, limits.probe_seconds)
    try:
        header = msgspec.json.decode(said or b"{}")
    except msgspec.DecodeError as error:
        raise MediaFault("not_a_video", evidence=evidence) from error
    form = header.get("format", {})
    streams = header.get("streams", [])
    if _PIXELS_REFUSED.search(evidence):
        raise MediaFault("too_many_pixels", evidence=evidence)
    if _NO_INDEX in evidence and _ONLY_THE_NAME_FITS not in evidence:
        raise MediaFault("source_truncated", evidence=evidence)
    if not form.get("format_name") or not streams or int(form.get("probe_score", 0)) <= GUESSED_SCORE:
        raise MediaFault("not_a_video", evidence=evidence)
    if len(streams) > limits.max_streams:
        raise MediaFault("too_many_streams", f"It has {len(streams)}, {limits.max_streams} are allowed.")
    return {"format": form, "streams": streams}


class _Ends(msgspec.Struct, frozen=True):
    """What was seen at both ends."""

    head: int
    """Packets of the look at the beginning."""
    tail: Fraction
    """Where the look at the end began, in seconds."""
    spans: dict[int, PacketSpan]


@asynccontextmanager
async def _early_look(
    ffprobe: str, source: str, limits: Limits, read: Read | None, size: int | None
) -> AsyncIterator[asyncio.Task[_Ends | None]]:
    """A look at the ends of all streams, while the header is read; None where nothing foretells where the end is."""

    async def look() -> _Ends | None:
        if read is None or size is None:
            return None
        try:
            duration = await read_duration(read, size)
            if not duration:
                return None
            tail = max(Fraction(0), duration - TAIL_SECONDS)
            spans = await _packets(ffprobe, source, limits, (HEAD_PACKETS, tail), limits.probe_seconds)
        except Exception:  # noqa: BLE001 -- whatever it is, also of the storage, the look in due time tells
            return None
        return _Ends(HEAD_PACKETS, tail, spans)

    looking = asyncio.create_task(look())
    try:
        yield looking
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _packets(
    ffprobe: str,
    source: str,
    limits: Limits,
    ends: tuple[int, Fraction] | None,
    wall: float,
    wanted: set[int] | None = None,
) -> dict[int, PacketSpan]:
    """From when to when each wanted stream's packets go (None: all streams').

    `ends`: how many packets of the beginning are looked at, and from which second on the end is; None: all of the
    file.
    """
    options = ["-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,flags", "-of", "csv=p=0"]
    head = HEAD_PACKETS
    if ends is not None:
        head, tail = ends
        options += ["-read_intervals", f"%+#{head},{float(tail):.3f}%"]

    def argv(outputs: Sequence[str]) -> list[str]:
        return _probe_argv(ffprobe, source, limits, options, outputs[0])

    async with running(
        argv, outputs=1, confinement=confinement(ffprobe, source), limits=_process_limits(wall)
    ) as process:
        spans = await packet_spans(process.outputs[0], wanted, head)
        await _check_exit(process, source)
    return spans


async def ask_ffprobe(
    ffprobe: str, source: str, limits: Limits, options: list[str], wall: float
) -> tuple[bytes, str]:
    """Standard output, and the tail of standard error, of one ffprobe run."""

    def argv(outputs: Sequence[str]) -> list[str]:
        return _probe_argv(ffprobe, source, limits, options, outputs[0])

    said = bytearray()
    async with running(
        argv, outputs=1, confinement=confinement(ffprobe, source), limits=_process_limits(wall)
    ) as process:
        while block := await process.outputs[0].read(65536):
            said += block
            if len(said) > HEADER_BYTES:
                raise MediaFault("too_many_streams", "Its header is too large.")
        await _check_exit(process, source)
        return bytes(said), process.stderr_tail


async def _check_exit(process: Process, source: str) -> None:
    """Wait for the end. What ffprobe thinks of the film is read from its output, not from its exit code."""
    try:
        code = await process.wait()
    except ProcessTimedOut as error:
        raise MediaFault("took_too_long", evidence=process.stderr_tail) from error
    if code < 0:
        raise EncoderFailed(f"ffprobe was ended by signal {-code}", process.stderr_tail)
    if input_was_lost(source, process.stderr_tail):
        raise EncoderFailed("the source stopped answering", process.stderr_tail)


def _probe_argv(ffprobe: str, source: str, limits: Limits, options: list[str], output: str) -> list[str]:
    return [
        ffprobe, "-v", "warning", "-hide_banner",
        "-max_alloc", str(MAX_ALLOC_BYTES),
        *input_guards(source, ALLOWED_DEMUXERS, limits.max_pixels),
        *options,
        "-o", output,
        "-i", input_name(source),
    ]  # fmt: skip


def _process_limits(wall: float) -> ProcessLimits:
    return ProcessLimits(
        wall_seconds=wall, cpu_seconds=int(wall) + 5, address_space=2048 * MIB, niceness=0, terminate_grace=0.2
    )


class _Reading:
    """Turns a header and the packets at the ends into facts."""

    def __init__(
        self,
        ffprobe: str,
        source: str,
        limits: Limits,
        header: dict[str, Any],
        early: asyncio.Task[_Ends | None],
    ) -> None:
        self._ffprobe = ffprobe
        self._source = source
        self._limits = limits
        self._early = early
        self._form = header["format"]
        streams = header["streams"]
        self._picture = _best(streams, "video")
        sounds = [stream for stream in streams if stream.get("codec_type") == "audio"]
        heard = [stream for stream in sounds if stream.get("codec_name", "none") not in _UNHEARD_CODECS]
        self._sound = _best(heard, "audio")
        others = [stream for stream in heard if stream is not self._sound]
        self._sounds = [self._sound, *others][:MOST_SOUNDS] if self._sound else []
        self._unheard = tuple(_coding(stream) for stream in sounds if stream not in heard)

    async def facts(self) -> Probe:
        self._check_header()
        spans, seekable, apart = await self._spans()
        video = self._video_facts(spans)
        heard = (self._audio_facts(stream, spans) for stream in self._sounds)
        sounds = tuple(facts for facts in heard if facts is not None)
        audio = sounds[0] if sounds else None
        ends = [facts.end for facts in (video, audio) if facts]
        starts = [facts.start for facts in (video, audio) if facts]
        if not ends or max(ends) <= min(starts):
            raise MediaFault("too_short")
        self._check_length(max(ends) - min(starts))
        return Probe(
            container=str(self._form["format_name"]).split(",")[0],
            start=min(starts),
            duration=max(ends) - min(starts),
            video=video,
            sounds=sounds,
            seekable=seekable and apart is None,
            keyframes_apart=apart,
            unheard=self._unheard,
        )

    def _check_header(self) -> None:
        if self._picture is None and self._sound is None:
            if self._unheard:
                raise MediaFault("unsupported_codec", f"The sound is coded as {self._unheard[0]!r}.")
            raise MediaFault("not_a_video", "It holds neither a picture nor sound.")
        if self._picture is not None:
            if self._picture.get("codec_name") in (None, "none", "unknown"):
                raise MediaFault("unsupported_codec", f"The picture is coded as {_coding(self._picture)!r}.")
            width, height = int(self._picture.get("width", 0)), int(self._picture.get("height", 0))
            if width * height > self._limits.max_pixels:
                raise MediaFault("too_many_pixels", f"It is {width} x {height}.")
            if width <= 0 or height <= 0:
                raise MediaFault("source_damaged", "Its picture has no size.")
        self._check_length(self._stated_duration() or Fraction(0))

    def _check_length(self, seconds: Fraction) -> None:
        if seconds > self._limits.max_seconds:
            limit = self._limits.max_seconds
            raise MediaFault("too_long", f"It lasts {int(seconds)} s, {limit} s are allowed.")

    def _stated_duration(self) -> Fraction | None:
        stated = [_seconds(part.get("duration")) for part in (self._form, self._picture, self._sound) if part]
        known = [seconds for seconds in (*stated, self._stated_by_avi()) if seconds is not None and seconds > 0]
        return max(known) if known else None

    def _stated_by_avi(self) -> Fraction | None:
        """What an AVI header promises; ffprobe's own figure shrinks with a file that is cut off."""
        if self._form["format_name"] != "avi" or self._picture is None:
            return None
        rate = _ratio(self._picture.get("avg_frame_rate"))
        return int(self._picture.get("nb_frames", 0)) / rate if rate else None

    async def _spans(self) -> tuple[dict[int, PacketSpan], bool, Fraction | None]:
        """What the packets at both ends say; all packets, when the end cannot be reached by seeking.

        Then whether it could, and how far apart keyframes are that are too far apart.
        """
        duration = self._stated_duration()
        start = _seconds(self._form.get("start_time")) or Fraction(0)
        if duration is not None:
            tail = max(Fraction(0), start + duration - TAIL_SECONDS)
            ends = await self._ends(tail)
            if self._reaches(ends.spans, start + duration):
                return ends.spans, True, self._far_apart(ends)
            if self._indexed():
                raise MediaFault("source_truncated")
        spans = await self._packets(None, self._limits.scan_seconds)
        if duration is not None and not self._reaches(spans, start + duration):
            raise MediaFault("source_truncated")
        return spans, False, None

    async def _ends(self, tail: Fraction) -> _Ends:
        """The early look where that was good enough, else another."""
        head = HEAD_PACKETS + HEAD_PACKETS_A_STREAM * max(0, len(self._sounds) - 1)
        early = await self._early
        if early is not None and early.head == head and abs(early.tail - tail) <= FORETOLD_BADLY:
            wanted = self._wanted()
            return _Ends(head, early.tail, {index: span for index, span in early.spans.items() if index in wanted})
        return _Ends(head, tail, await self._packets((head, tail), self._limits.probe_seconds))

    def _far_apart(self, ends: _Ends) -> Fraction | None:
        """Whoever wants to enter at a moment begins at the keyframe before it."""
        span = ends.spans.get(int(self._picture["index"])) if self._picture else None
        if span is None or span.entered is None or ends.tail - span.entered <= FAR_APART:
            return None
        return ends.tail - span.entered

    def _reaches(self, spans: dict[int, PacketSpan], end: Fraction) -> bool:
        return any(span.end >= end - MISSING_TOLERANCE for span in spans.values())

    def _indexed(self) -> bool:
        """Whether the header lists every sample, so that what it lists and the file lacks is cut off."""
        return str(self._form["format_name"]).startswith("mov") and any(
            int(part.get("nb_frames", 0)) > 1 for part in (self._picture, self._sound) if part
        )

    def _wanted(self) -> set[int]:
        return {int(part["index"]) for part in (self._picture, *self._sounds) if part}

    async def _packets(self, ends: tuple[int, Fraction] | None, wall: float) -> dict[int, PacketSpan]:
        return await _packets(self._ffprobe, self._source, self._limits, ends, wall, self._wanted())

    def _video_facts(self, spans: dict[int, PacketSpan]) -> VideoFacts | None:
        stream = self._picture
        span = spans.get(int(stream["index"])) if stream else None
        if stream is None or span is None:
            return None
        average = _ratio(stream.get("avg_frame_rate")) or _ratio(stream.get("r_frame_rate")) or Fraction(25)
        return VideoFacts(
            index=int(stream["index"]),
            codec=str(stream["codec_name"]),
            width=int(stream["width"]),
            height=int(stream["height"]),
            sample_aspect=_ratio(stream.get("sample_aspect_ratio")) or Fraction(1),
            rotation=_rotation(stream),
            mirrored=_mirrored(stream),
            pixel_format=str(stream.get("pix_fmt", "")),
            bit_depth=_bit_depth(stream),
            transfer=str(stream.get("color_transfer", "")),
            matrix=str(stream.get("color_space", "")),
            interlaced=stream.get("field_order") in ("tt", "bb", "tb", "bt"),
            average_rate=average,
            nominal_rate=_ratio(stream.get("r_frame_rate")) or average,
            start=span.start or Fraction(0),
            end=span.end if span.end_known else span.end + 1 / average,
        )

    def _audio_facts(self, stream: dict[str, Any], spans: dict[int, PacketSpan]) -> AudioFacts | None:
        span = spans.get(int(stream["index"]))
        if span is None or not int(stream.get("sample_rate", 0)):
            return None
        rate = int(stream["sample_rate"])
        in_samples = stream.get("time_base") == f"1/{rate}"
        tags = stream.get("tags", {})
        language = str(tags.get("language", ""))
        return AudioFacts(
            index=int(stream["index"]),
            codec=str(stream.get("codec_name", "none")),
            profile=str(stream.get("profile", "")),
            sample_rate=rate,
            channels=int(stream.get("channels", 0)),
            layout=str(stream.get("channel_layout", "")),
            bit_rate=int(stream.get("bit_rate", 0)),
            frames=int(stream.get("nb_frames", 0)),
            duration_samples=int(stream.get("duration_ts", 0)) if in_samples else 0,
            language=language if re.fullmatch(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})?", language) else None,
            title=one_line(tags.get("title", ""))[:LONGEST_TITLE],
            heard=_heard(span.start or Fraction(0), _seconds(stream.get("start_time"))),
            first_packet=span.first,
            start=span.start or Fraction(0),
            end=span.end,
        )


def _heard(first: Fraction, stated: Fraction | None) -> Fraction:
    """MP3 states the end of the encoder's delay as its start; Opus has its delay before 0."""
    start = max(first, stated or first)
    return Fraction(0) if -LONGEST_PRIMING < start < 0 else start


def _best(streams: list[dict[str, Any]], kind: str) -> dict[str, Any] | None:
    """The default stream of a kind, else the first; a cover picture is not a video."""
    fit = [
        stream
        for stream in streams
        if stream.get("codec_type") == kind and not stream.get("disposition", {}).get("attached_pic")
    ]
    return max(fit, key=lambda stream: stream.get("disposition", {}).get("default", 0), default=None)


def _coding(stream: dict[str, Any]) -> str:
    """What a codec is called: by FFmpeg, else by the file."""
    names = (str(stream.get(field, "none")) for field in ("codec_name", "codec_tag_string"))
    return next((name for name in names if name not in ("none", "unknown", "[0][0][0][0]")), "unknown")


def _rotation(stream: dict[str, Any]) -> int:
    for side in stream.get("side_data_list", []):
        if "rotation" in side:  # counter-clockwise, as the display matrix has it
            turned = round(-float(side["rotation"]) / 90) % 4 * 90
            return 0 if turned == 180 and _mirrored(stream) else turned  # a matrix that only flips, by its sign
    return 0


def _mirrored(stream: dict[str, Any]) -> bool:
    """Whether the display matrix turns left and right around, which its angle does not tell."""
    for side in stream.get("side_data_list", []):
        rows = re.findall(r"(?m)^\d+:((?: +-?\d+){3})", str(side.get("displaymatrix", "")))
        if len(rows) == 3:
            (a, b, _), (c, d, _), _ = (map(int, row.split()) for row in rows)
            return a * d - b * c < 0
    return False


def _bit_depth(stream: dict[str, Any]) -> int:
    stated = int(stream.get("bits_per_raw_sample", 0))
    deep = re.search(r"p0?(9|10|12|14|16)(?:le|be)$", str(stream.get("pix_fmt", "")))
    return int(deep[1]) if deep else stated or 8


def _seconds(text: str | None) -> Fraction | None:
    return None if text in (None, "N/A") else Fraction(text)


def _ratio(text: str | None) -> Fraction | None:
    numerator, separator, denominator = (text or "").replace(":", "/").partition("/")
    if not separator or not numerator.isdigit() or not denominator.isdigit():
        return None
    return Fraction(int(numerator), int(denominator)) if int(numerator) and int(denominator) else None
