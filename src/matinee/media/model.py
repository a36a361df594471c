"""The plan of a video as plain data: its grid, its renditions and the source facts they rest on.

Everything here is frozen, is stored as JSON beside the video and is enough, alone, to write every playlist.
Times are exact: a `Fraction` of a second, a whole number of frames or of timescale ticks; never a float.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Literal

import msgspec

AAC_FRAME_SAMPLES = 1024
"""Samples in one AAC-LC frame, the unit that audio cells are made of."""


class Rate(msgspec.Struct, frozen=True):
    """Frames per second, exact: 30000/1001 stays 30000/1001."""

    num: int
    den: int

    @property
    def fraction(self) -> Fraction:
        return Fraction(self.num, self.den)


class Grid(msgspec.Struct, frozen=True):
    """The whole video laid on its output frame rate and cut into cells, the same for every rendition.

    Every cell has `frames_per_cell` frames except the first and the last. A remainder under half a second joins the
    cell beside it (a cell too short to hold one audio frame would be an empty segment), so these last between half a
    second and a cell plus half a second; a video shorter than that is one cell.
    """

    rate: Rate
    frames_per_cell: int
    frames: int
    skipped_frames: int = 0
    """Frames of the source that come before the first one: a clip's cells end where those of its film do."""
    opening_frames: int = 0
    """Frames of the first cell of the whole film; 0: as many as of any other, as in plans before recipe r4."""

    @property
    def cells(self) -> int:
        """How many cells there are, at least one."""
        full, tail = divmod(self.frames - self._head, self.frames_per_cell)
        return max(1, 1 + full + self._counts(tail))

    @property
    def _head(self) -> int:
        """The number of the second cell's first frame, where there is a second cell."""
        head = self.frames_per_cell - (self.skipped_frames - self.opening_frames) % self.frames_per_cell
        return head if head == self.frames_per_cell or self._counts(head) else head + self.frames_per_cell

    @property
    def lead_frames(self) -> int:
        """Frames that the first cell is short of; negative where a remainder joined it."""
        return self.frames_per_cell - self._head

    def _counts(self, frames: int) -> bool:
        """Whether so many frames make a cell: half a second."""
        return frames * 2 * self.rate.den >= self.rate.num

    @property
    def usual_frames(self) -> int:
        """Frames of a cell in the middle; of a video without a middle, of its longer cell, but no more than that."""
        if self.cells == 1:
            return self.frames
        return min(self.frames_per_cell, max(self.cell_frames(0), self.cell_frames(1)))

    @property
    def usual_duration(self) -> Fraction:
        """Seconds of a cell in the middle."""
        return self.usual_frames / self.rate.fraction

    @property
    def timescale(self) -> int:
        """Ticks a second of the video tracks: 30 -> 30000, 30000/1001 -> 30000."""
        return self.rate.num * self._tick_factor

    @property
    def frame_ticks(self) -> int:
        """Ticks a frame lasts: 1000 at 30 frames a second, 1001 at 30000/1001."""
        return self.rate.den * self._tick_factor

    @property
    def _tick_factor(self) -> int:
        # Players round a coarse timescale badly; 10,000 and more ticks a second are what packagers use.
        return 1 if self.rate.num >= 10_000 else 1000

    @property
    def duration(self) -> Fraction:
        """Seconds of the whole video."""
        return self.frames / self.rate.fraction

    def first_frame(self, index: int) -> int:
        """The number of the cell's first frame; for `index == cells`, the number of frames of the video."""
        if not 0 <= index <= self.cells:
            raise IndexError(f"cell {index} is outside 0..{self.cells}")
        if index == self.cells:
            return self.frames
        return self._head + (index - 1) * self.frames_per_cell if index else 0

    def first_frames(self) -> list[int]:
        """`first_frame` of every cell, and at last the number of frames."""
        head = self._head
        return [0, *range(head, head + (self.cells - 1) * self.frames_per_cell, self.frames_per_cell), self.frames]

    def source_frames(self, cells: range) -> range:
        """The frames that these cells show, counted from second 0 of the source."""
        return range(
            self.skipped_frames + self.first_frame(cells.start), self.skipped_frames + self.first_frame(cells.stop)
        )

    def cell_frames(self, index: int) -> int:
        """How many frames the cell has."""
        return self.first_frame(index + 1) - self.first_frame(index)

    def cell_start(self, index: int) -> Fraction:
        """Seconds from the start of the video; for `index == cells`, its duration."""
        return self.first_frame(index) / self.rate.fraction

    def cell_duration(self, index: int) -> Fraction:
        """Seconds the cell lasts on screen."""
        return self.cell_frames(index) / self.rate.fraction

    def cell_at(self, moment: Fraction) -> int:
        """The cell on screen at a moment; moments outside the video give the first or the last."""
        frame = int(moment * self.rate.fraction)
        return min(max((frame - self._head) // self.frames_per_cell + 1, 0), self.cells - 1)


Codec = Literal["h264", "hevc", "av1"]
H264Encoder = Literal["libx264", "h264_vaapi", "h264_nvenc"]
"""FFmpeg's names: in software, on the GPUs of Intel and AMD, on NVIDIA's."""
Offer = Literal["h264", "hevc", "av1", "hevc-hdr", "av1-hdr"]
"""What a video may be offered in. With `-hdr`: the picture of an HDR source as it is, not tone-mapped."""
VideoRange = Literal["SDR", "PQ", "HLG"]


class VideoRendition(msgspec.Struct, frozen=True, tag="video", tag_field="kind"):
    """A picture of one size in one codec: 4:2:0, square pixels; BT.709 and 8-bit unless its range says HDR."""

    name: str
    """Unique in the plan and part of object keys, such as `v720` or `v720-av1`."""
    width: int
    height: int
    crf: int
    max_bit_rate: int
    """Bits a second that the encoder stays under, over a window of `buffer_bits`."""
    buffer_bits: int
    profile: Literal["main", "high", "main10"]
    level: str
    """The codec's level as a person writes it, such as `3.1`."""
    codecs: str
    """RFC 6381, such as `avc1.64001f`."""
    codec: Codec = "h264"
    video_range: VideoRange = "SDR"
    """How brightness is coded: BT.709, or BT.2020 colours with PQ or HLG, of 10 bits."""
    preset: str = "veryfast"
    """Of x264: how long it looks for a shorter way to say the same. The default is that of plans before recipe r3."""
    params: str = ""
    """What x264 is told besides, as `key=value:key=value`."""
    encoder: H264Encoder = "libx264"
    """Who encodes it where that is H.264; the other codecs have one encoder each."""
    states_cap: bool = True
    """Whether its init segment tells the cap on bits, as it did before recipe r4: then the cap can never change."""

    @property
    def bit_depth(self) -> int:
        """Bits of a sample."""
        return 8 if self.video_range == "SDR" else 10


class SoundFile(msgspec.Struct, frozen=True):
    """The file of a sound that came after the video's own."""

    container: str
    """FFmpeg's name of the demuxer; no other may open the file."""
    start_time: tuple[int, int]
    """The file's timestamp that is second 0 of the grid, as numerator and denominator of seconds."""


class AudioRendition(msgspec.Struct, frozen=True, tag="audio", tag_field="kind"):
    """One sound: AAC-LC frames that cover the whole grid."""

    name: str
    """Unique in the plan, never used for another sound of the video, and part of object keys: `audio`, `audio2`."""
    codecs: str
    sample_rate: int
    channels: int
    bit_rate: int
    passthrough: bool
    """Whether the AAC frames of the source are copied as they are."""
    language: str | None = None
    """BCP 47 or ISO 639 tag, None when it is not known."""
    first_sample: int = 0
    """Where the first frame starts, in samples after the video's start; 0 unless passed through."""

    skipped_frames: int = 0
    """AAC frames made or copied before the first one shown: the encoder's priming, and what a clip leaves out."""
    stream: int | None = None
    """Absolute index of the stream in its file."""
    title: str = ""
    """What the menu says; empty where nobody said."""
    coded_language: str | None = None
    """What the init segment says, whatever the sound is called later: stored bytes do not change."""
    surround_of: str | None = None
    """The name of the stereo rendition that this one has more channels of."""
    gain_db: float | None = 0.0
    """Decibels that it is made louder by; None as long as its loudness was not measured."""
    file: SoundFile | None = None
    """Where it comes from; None: from the video's own file."""
    track_frames: int = 0
    """AAC frames of the whole track that a clip's are taken from, without priming; 0 for a track of its own."""

    def first_frame_at(self, moment: Fraction) -> int:
        """The number of the first AAC frame that starts at or after a moment, in seconds of the video."""
        frames = Fraction(moment * self.sample_rate - self.first_sample, AAC_FRAME_SAMPLES)
        return max(0, -((-frames.numerator) // frames.denominator))


class CopiedRendition(msgspec.Struct, frozen=True, tag="copied", tag_field="kind"):
    """The picture of the source as it is: H.264, cut at keyframes of its own near the starts of the grid's cells.

    Its first picture is shown from second 0 on.
    """

    name: str
    """Unique in the plan and part of object keys, such as `v1080-source`."""
    width: int
    height: int
    codecs: str
    peak_bit_rate: int
    """Bits a second that no cell exceeds, measured; more than that of every rung."""
    average_bit_rate: int
    timescale: int
    """Ticks a second of its track."""
    cells: int
    tick: int
    """The unit of `lengths`, in ticks."""
    lengths: bytes
    """How long each cell lasts, as numbers of seven bits a byte, the lowest first: 20 kB for ten hours."""
    codec: Codec = "h264"
    video_range: VideoRange = "SDR"

    def bounds(self) -> list[int]:
        """Where each cell starts, in ticks from 0 on, and at last where the last one ends."""
        bounds, length, shift = [0], 0, 0
        for byte in self.lengths:
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                bounds.append(bounds[-1] + length * self.tick)
                length = shift = 0
        return bounds

    def cells_at(self, moments: Iterable[Fraction]) -> list[int]:
        """The cell that shows at each of these moments, in seconds of the video."""
        bounds = self.bounds()
        return [min(max(0, bisect(bounds, at * self.timescale) - 1), self.cells - 1) for at in moments]


Rendition = VideoRendition | AudioRendition | CopiedRendition

Position = Literal[
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
]  # fmt: skip


class Watermark(msgspec.Struct, frozen=True):
    """An image that is laid over every encoded picture. Shares are of the picture's width, whatever its size."""

    version: str
    """The image, by the hash of its stored bytes: part of its key."""
    width: int
    height: int
    """Of the image, in pixels."""
    position: Position
    opacity: float
    """From 0, which cannot be seen, to 1; what is clear in the image stays so."""
    scale: float
    """How wide it is."""
    margin: float
    """How far it stays from the edges."""


class Source(msgspec.Struct, frozen=True):
    """What the plan took from the probe: enough to encode without probing again."""

    container: str
    """FFmpeg's name of the demuxer, such as `mov` or `matroska`; no other may open the source."""
    start_time: tuple[int, int]
    """The source timestamp that is second 0 of the grid, as numerator and denominator of seconds."""
    duration: tuple[int, int]
    """Seconds from there to the end of the longest stream, as numerator and denominator."""
    video_stream: int | None = None
    audio_stream: int | None = None
    """Absolute stream indexes in the source."""
    video_codec: str | None = None
    audio_codec: str | None = None
    width: int = 0
    height: int = 0
    """Display size in square pixels, after rotation and sample aspect ratio."""
    rotation: int = 0
    """Degrees clockwise the decoder's picture is turned for display: 0, 90, 180 or 270."""
    video_start: tuple[int, int] = (0, 1)
    """Second of the grid at which the first source picture shows; more than 0 if sound comes first."""
    video_end: tuple[int, int] = (0, 1)
    """Second of the grid at which the last source picture ends; the grid may go on for the sound."""
    hdr: bool = False
    interlaced: bool = False
    bit_depth: int = 8
    matrix: Literal["bt709", "bt601", "bt2020"] = "bt709"
    """How the source codes colour differences; guessed by its size when it does not say."""
    video_range: VideoRange = "SDR"
    """How it codes brightness; plans of before there were HDR renditions do not know it."""
    seekable: bool = True
    """Whether input seeking lands right; otherwise every chunk is decoded from the start of the source."""

    @property
    def start(self) -> Fraction:
        return Fraction(*self.start_time)


class Plan(msgspec.Struct, frozen=True):
    """All that is decided about a video before anything is encoded."""

    version: int
    recipe: str
    """Part of object keys; another recipe never writes where this one did."""
    grid: Grid
    video: tuple[VideoRendition, ...]
    """The ladder, H.264, lowest rung first; empty when the source has no picture."""
    source: Source
    cells_per_chunk: int
    """Cells that one job of the background makes."""
    sounds: tuple[AudioRendition, ...] = ()
    """The one that plays unless another is chosen comes first; a surround one stands behind its stereo one."""
    reasons: tuple[str, ...] = ()
    """Sentences that tell a person why the plan is as it is."""
    alternatives: tuple[VideoRendition, ...] = ()
    """Rungs of the ladder once more, in other codecs: codec by codec, lowest first. Every player can do without."""

    copied: CopiedRendition | None = None
    """The source's own picture, where it conforms; larger than every rung of `video`."""
    opens_copied: bool = False
    """Whether its copied picture alone makes it playable: nothing is encoded before somebody watches."""
    replaced: VideoRendition | None = None
    """The rung of the ladder in whose place it stands; unknown to plans that were stored before it was kept."""
    watermark: Watermark | None = None
    """Laid over every picture that is encoded; with one, nothing is copied."""
    titled: bool = False
    """Whether trial encodes have chosen its ladder."""
    spare: tuple[VideoRendition, ...] = ()
    """Rungs that they left out of it: nobody is told of them any more, and who was told can go on."""
    trimmed: bool = False
    """Whether its file has more than is shown, because its owner left something out."""

    @property
    def pictures(self) -> tuple[VideoRendition, ...]:
        """Every picture that is encoded: the ladder, then the alternatives."""
        return (*self.video, *self.alternatives)

    @property
    def encodable(self) -> tuple[VideoRendition, ...]:
        """Every picture whose cells are made for whoever asks."""
        return (*self.pictures, *self.spare)

    @property
    def ladder(self) -> tuple[VideoRendition | CopiedRendition, ...]:
        """What every player can show, from the lowest rung up; what is copied comes last."""
        return (*self.video, self.copied) if self.copied else self.video

    @property
    def opening(self) -> VideoRendition | CopiedRendition | None:
        """The picture that the video can be played with once it has begun."""
        return self.copied if self.opens_copied else next(iter(self.video), None)

    @property
    def shown(self) -> tuple[VideoRendition | CopiedRendition, ...]:
        """Every picture: the ladder, then the alternatives."""
        return (*self.ladder, *self.alternatives)

    @property
    def renditions(self) -> tuple[Rendition, ...]:
        """Every picture, then the sounds."""
        return (*self.shown, *self.sounds)

    @property
    def audio(self) -> AudioRendition | None:
        """The sound that plays unless another is chosen."""
        return self.sounds[0] if self.sounds else None

    @property
    def tracks(self) -> tuple[AudioRendition, ...]:
        """What the viewer chooses among: each sound once, in stereo or mono."""
        return tuple(sound for sound in self.sounds if sound.surround_of is None)

    def surround(self, name: str) -> AudioRendition | None:
        """The same sound with more channels, where there is one."""
        return next((sound for sound in self.sounds if sound.surround_of == name), None)

    def sound(self, name: str) -> AudioRendition:
        """The sound of that name; KeyError when the plan has none."""
        for sound in self.sounds:
            if sound.name == name:
                return sound
        raise KeyError(name)

    @property
    def chunks(self) -> int:
        """How many chunks the grid has."""
        return -(-self.grid.cells // self.cells_per_chunk)

    def rendition(self, name: str) -> Rendition:
        """The rendition of that name, offered or spare; KeyError when the plan has none."""
        for rendition in (*self.renditions, *self.spare):
            if rendition.name == name:
                return rendition
        raise KeyError(name)

    def has(self, name: str) -> bool:
        """Whether it has a rendition of that name, offered or spare."""
        return any(rendition.name == name for rendition in (*self.renditions, *self.spare))

    def cells_of(self, name: str) -> int:
        """How many cells the rendition of that name has; KeyError when the plan has none."""
        rendition = self.rendition(name)
        return rendition.cells if isinstance(rendition, CopiedRendition) else self.grid.cells

    def cell_seconds(self, name: str, cell: int) -> float:
        """Seconds that a cell of a rendition lasts; of a copied picture, whose cells are uneven, the mean."""
        rendition = self.rendition(name)
        if isinstance(rendition, CopiedRendition):
            return float(self.grid.duration / rendition.cells)
        return float(self.grid.cell_duration(cell))

    def chunk_of(self, cell: int) -> int:
        """The chunk that a cell is made in."""
        return cell // self.cells_per_chunk

    def chunk_cells(self, chunk: int) -> range:
        """The cells that a chunk makes."""
        first = chunk * self.cells_per_chunk
        return range(first, min(first + self.cells_per_chunk, self.grid.cells))

    def audio_frames(self, index: int, sound: AudioRendition | None = None) -> range:
        """The numbers of the AAC frames of a cell of a sound (the first): those that start within the cell's time."""
        audio = sound or self._default
        return range(
            audio.first_frame_at(self.grid.cell_start(index)),
            audio.first_frame_at(self.grid.cell_start(index + 1)),
        )

    def audio_cell_start(self, index: int, sound: AudioRendition | None = None) -> Fraction:
        """Seconds at which the first AAC frame of an audio cell starts."""
        audio = sound or self._default
        sample = audio.first_sample + self.audio_frames(index, audio).start * AAC_FRAME_SAMPLES
        return Fraction(sample, audio.sample_rate)

    def audio_cell_duration(self, index: int, sound: AudioRendition | None = None) -> Fraction:
        """Seconds of sound in an audio cell, within one AAC frame of the cell's own duration."""
        audio = sound or self._default
        return Fraction(len(self.audio_frames(index, audio)) * AAC_FRAME_SAMPLES, audio.sample_rate)

    @property
    def _default(self) -> AudioRendition:
        if self.audio is None:
            raise LookupError("the plan has no audio rendition")
        return self.audio


def no_taller(plan: Plan, height: int) -> Plan:
    """The plan with pictures of so many lines at most (of an upright one, columns), and the smallest in any case."""

    def is_tall(rung: VideoRendition | CopiedRendition) -> bool:
        return min(rung.width, rung.height) > height

    names = {rung.name for rung in plan.shown[1:] if is_tall(rung)}
    kept = without(plan, names)
    copied = None if plan.copied and plan.copied.name in names else plan.copied
    return msgspec.structs.replace(kept, copied=copied, spare=tuple(rung for rung in plan.spare if not is_tall(rung)))


def without(plan: Plan, names: Collection[str]) -> Plan:
    """The plan without some of the pictures that are encoded."""
    if not names:
        return plan
    return msgspec.structs.replace(
        plan,
        video=tuple(rung for rung in plan.video if rung.name not in names),
        alternatives=tuple(rung for rung in plan.alternatives if rung.name not in names),
    )
