"""ADTS frames in, audio cells out."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.media.plans import even_grid

from matinee.media.aac import AdtsReader, AudioCellWriter, BadAudioStream, audio_init
from matinee.media.boxes import Fragment
from matinee.media.model import AudioRendition, Plan, Rate, Source

AUDIO = AudioRendition(
    name="audio",
    codecs="mp4a.40.2",
    sample_rate=48_000,
    channels=2,
    bit_rate=128_000,
    passthrough=False,
    language="eng",
    skipped_frames=1,
)
PLAN = Plan(
    version=1,
    recipe="r1",
    grid=even_grid(Rate(25, 1), Fraction(9)),
    video=(),
    sounds=(AUDIO,),
    source=Source(container="mov", start_time=(0, 1), duration=(9, 1)),
    cells_per_chunk=3,
)


def adts(payload: bytes) -> bytes:
    length = len(payload) + 7
    return (
        bytes((0xFF, 0xF1, 0x4C, 0x80 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC)) + payload
    )


FRAMES = [bytes([number % 251]) * (1 + number % 700) for number in range(600)]
STREAM = b"".join(map(adts, FRAMES))


class TestReading:
    @given(st.integers(1, 5000))
    def test_pieces_may_be_of_any_size(self, size: int) -> None:
        """How the pipe cuts the stream does not show."""
        reader = AdtsReader()
        pieces = (STREAM[at : at + size] for at in range(0, len(STREAM), size))
        assert [frame for piece in pieces for frame in reader.feed(piece)] == FRAMES

    @pytest.mark.parametrize("garbage", [b"\0" * 9, b"\xff\xf1\x4c\x80\x00\x00\xfc", b"not adts"])
    def test_garbage_is_refused(self, garbage: bytes) -> None:
        """A stream out of step is not read on."""
        with pytest.raises(BadAudioStream):
            AdtsReader().feed(garbage)


class TestWriting:
    def test_cells_hold_exactly_the_planned_frames(self) -> None:
        """The priming frame is left out; every cell starts with its first frame, and none is made twice."""
        writer = AudioCellWriter(PLAN, AUDIO)
        cells = [cell for cell in map(writer.take, FRAMES) if cell]
        assert writer.complete
        assert [cell.index for cell in cells] == [0, 1, 2]
        for cell in cells:
            frames = PLAN.audio_frames(cell.index)
            assert cell.samples == len(frames)
            media = b"".join(FRAMES[1 + frames.start : 1 + frames.stop])
            assert cell.data.endswith(struct.pack(">I4s", 8 + len(media), b"mdat") + media)
            moof = Fragment(cell.data[: -8 - len(media)])
            assert (moof.decode_time, moof.samples) == (frames.start * 1024, len(frames))

    def test_too_few_frames_leave_the_track_incomplete(self) -> None:
        """A missing end is seen."""
        writer = AudioCellWriter(PLAN, AUDIO)
        cells = [cell for cell in map(writer.take, FRAMES[:300]) if cell]
        assert len(cells) == 1
        assert not writer.complete

    def test_the_init_segment_is_a_function_of_the_rendition(self) -> None:
        """The same rendition gives the same bytes, with rate, channels and language in them."""
        init = audio_init(AUDIO)
        assert init == audio_init(AUDIO)
        assert struct.pack(">H", 0x1190) in init  # AAC-LC, 48 kHz, stereo
        assert struct.pack(">IH", 48_000, 0) in init
