"""AAC frames to audio cells: read them from an ADTS stream, write them as fragments of our own.

FFmpeg's fragments end where its muxer likes; a cell holds exactly the frames that start within its time. As only
the frames come from FFmpeg, the initialization segment is a pure function of the rendition.
"""

from __future__ import annotations

import struct

from .boxes import IDENTITY, box, full_box, media_information, movie_extends, movie_header
from .cells import Cell
from .model import AAC_FRAME_SAMPLES, AudioRendition, Plan

_SAMPLE_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_AAC_LC = 2
_TRUN_DATA_OFFSET, _TRUN_SIZES = 0x1, 0x200
_TFHD_DURATION, _TFHD_FLAGS, _TFHD_BASE_IS_MOOF = 0x8, 0x20, 0x20000
_EVERY_SAMPLE_STANDS_ALONE = 0x02000000


class BadAudioStream(Exception):
    """The bytes are not the ADTS stream that was asked of FFmpeg."""


class AdtsReader:
    """Takes an ADTS stream in pieces of any size and gives the AAC frames without their headers."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that these bytes complete."""
        self._pending += data
        frames: list[bytes] = []
        at = 0
        while len(self._pending) - at >= 7:
            header = self._pending[at : at + 7]
            if header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
                raise BadAudioStream("no ADTS header where a frame should start")
            length = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
            skip = 7 if header[1] & 1 else 9  # with or without a checksum
            if length <= skip:
                raise BadAudioStream(f"an ADTS frame of {length} bytes")
            if len(self._pending) - at < length:
                break
            frames.append(bytes(self._pending[at + skip : at + length]))
            at += length
        del self._pending[:at]
        return frames


class AudioCellWriter:
    """Collects AAC frames, from the first of the stream on, and gives the cells they complete."""

    def __init__(self, plan: Plan, sound: AudioRendition) -> None:
        self._plan = plan
        self._rendition = sound
        self._init = audio_init(sound)
        self._skip = sound.skipped_frames
        self._index = 0
        self._frames: list[bytes] = []

    @property
    def complete(self) -> bool:
        """Whether every cell has been given."""
        return self._index == self._plan.grid.cells

    def take(self, frame: bytes) -> Cell | None:
        """Add the next frame; frames after the last cell are left out."""
        if self._skip:
            self._skip -= 1
            return None
        if self.complete:
            return None
        self._frames.append(frame)
        wanted = self._plan.audio_frames(self._index, self._rendition)
        if len(self._frames) < len(wanted):
            return None
        cell = Cell(
            rendition=self._rendition.name,
            index=self._index,
            init=self._init,
            data=audio_fragment(self._rendition, self._index, wanted.start, self._frames),
            keyframe_bytes=0,
            samples=len(self._frames),
        )
        self._index += 1
        self._frames = []
        return cell


def audio_fragment(rendition: AudioRendition, index: int, first_frame: int, frames: list[bytes]) -> bytes:
    """One `moof` and `mdat` with these AAC frames."""
    decode_time = rendition.first_sample + first_frame * AAC_FRAME_SAMPLES
    sizes = struct.pack(f">{len(frames)}I", *map(len, frames))
    tfhd_flags = _TFHD_DURATION | _TFHD_FLAGS | _TFHD_BASE_IS_MOOF

    def moof(data_offset: int) -> bytes:
        return box(
            b"moof",
            full_box(b"mfhd", 0, 0, struct.pack(">I", index + 1)),
            box(
                b"traf",
                full_box(
                    b"tfhd",
                    0,
                    tfhd_flags,
                    struct.pack(">III", 1, AAC_FRAME_SAMPLES, _EVERY_SAMPLE_STANDS_ALONE),
                ),
                full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
                full_box(
                    b"trun",
                    0,
                    _TRUN_DATA_OFFSET | _TRUN_SIZES,
                    struct.pack(">Ii", len(frames), data_offset),
                    sizes,
                ),
            ),
        )

    return moof(len(moof(0)) + 8) + box(b"mdat", *frames)


def audio_init(rendition: AudioRendition) -> bytes:
    """The initialization segment: `ftyp` and `moov` of one AAC track whose timescale is the sample rate."""
    ftyp = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"mp41")
    return ftyp + box(b"moov", movie_header(), _track(rendition), movie_extends())


def _track(rendition: AudioRendition) -> bytes:
    enabled_in_movie = 0x3
    header = full_box(
        b"tkhd",
        0,
        enabled_in_movie,
        struct.pack(">IIIII", 0, 0, 1, 0, 0),
        bytes(8),
        struct.pack(">HHHH", 0, 0, 0x100, 0),
        IDENTITY,
        bytes(8),
    )
    media_header = full_box(
        b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, rendition.sample_rate, 0, _language(rendition.coded_language), 0)
    )
    handler = full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0")
    return box(b"trak", header, box(b"mdia", media_header, handler, _media_info(rendition)))


def _media_info(rendition: AudioRendition) -> bytes:
    entry = box(
        b"mp4a",
        bytes(6),
        struct.pack(">H", 1),
        bytes(8),
        struct.pack(">HHHHI", rendition.channels, 16, 0, 0, rendition.sample_rate << 16),
        _decoder_description(rendition),
    )
    return media_information(full_box(b"smhd", 0, 0, bytes(4)), entry)


def _decoder_description(rendition: AudioRendition) -> bytes:
    """The `esds` box: MPEG-4 descriptors around the two bytes of AudioSpecificConfig."""
    rate = _SAMPLE_RATES.index(rendition.sample_rate)
    config = struct.pack(">H", _AAC_LC << 11 | rate << 7 | rendition.channels << 3)
    audio, stream_type = 0x40, 0x15
    decoder = struct.pack(">BBBHII", audio, stream_type, 0, 0, rendition.bit_rate, rendition.bit_rate)
    decoder += _descriptor(5, config)
    whole = struct.pack(">HB", 1, 0) + _descriptor(4, decoder) + _descriptor(6, b"\x02")
    return full_box(b"esds", 0, 0, _descriptor(3, whole))


def _descriptor(tag: int, payload: bytes) -> bytes:
    return bytes((tag, len(payload))) + payload


def _language(tag: str | None) -> int:
    """ISO 639-2 packed in 15 bits, `und` when it is not known in three letters."""
    letters = tag.lower() if tag and len(tag) == 3 and tag.isascii() and tag.isalpha() else "und"
    first, second, third = (ord(letter) - 0x60 for letter in letters)
    return first << 10 | second << 5 | third
