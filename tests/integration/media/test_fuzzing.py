"""Whatever bytes come, our readers give an answer or their own error. `make fuzz` makes it a night's work."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import examples

from matinee.media.aac import AdtsReader, BadAudioStream
from matinee.media.boxes import BadFragment, CellSplitter, Fragment, find_boxes
from matinee.media.captions.model import BadCaptions
from matinee.media.captions.read import read_captions
from matinee.media.faults import MediaFault
from matinee.media.model import Grid, Rate
from matinee.media.plan import make_plan
from matinee.media.probe import Limits, Probe, probe
from matinee.media.progressive import Track

from .conftest import X264
from .films import counted_picture, ffmpeg, tone
from .playing import audio_cells, planned, video_cells

GRID = Grid(Rate(25, 1), 25, 50)


def tried(usual: int, a_second: int) -> settings:
    """With fixtures, for which an example that was found is not kept."""
    ignored = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
    return examples(usual, a_second=a_second, database=None, suppress_health_check=ignored)


def mutated(data: bytes, seed: int) -> bytes:
    """A copy with some of it flipped, cut out, doubled, zeroed or made a huge number."""
    dice, broken = random.Random(seed), bytearray(data)
    for _ in range(dice.randint(1, 6)):
        # Headers are where it hurts: half of the damage goes there.
        at = dice.randrange(min(len(broken), 2000) if dice.random() < 0.5 else len(broken))
        length = dice.choice((1, 2, 4, 8, 100, 4000))
        kind = dice.randrange(5)
        if kind == 0:
            broken[at] ^= 1 << dice.randrange(8)
        elif kind == 1 and len(broken) > length + 100:
            del broken[at : at + length]
        elif kind == 2:
            broken[at:at] = broken[at : at + length]
        elif kind == 3:
            broken[at : at + length] = bytes(len(broken[at : at + length]))
        else:
            broken[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1"))
    return bytes(broken)


FILMS = {
    "mp4": [*X264, "-c:a", "aac"],
    "mov": [*X264, "-c:a", "pcm_s16le", "-movflags", "+faststart"],
    "mkv": [*X264, "-c:a", "libopus"],
    "webm": ["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libvorbis"],
    "ts": [*X264, "-c:a", "mp2"],
    "mpg": ["-c:v", "mpeg2video", "-c:a", "mp2"],
    "avi": ["-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "flv": [*X264, "-c:a", "aac"],
    "wmv": ["-c:v", "wmv2", "-c:a", "wmav2"],
    "ogv": ["-c:v", "libtheora", "-c:a", "libvorbis"],
    "wav": ["-vn", "-c:a", "pcm_s16le"],
    "flac": ["-vn", "-c:a", "flac"],
    "mp3": ["-vn", "-c:a", "libmp3lame"],
}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], bytes]:
    """A second of film in a container; a few kilobytes."""
    folder = tmp_path_factory.mktemp("small")

    def make(suffix: str) -> bytes:
        path = folder / f"film.{suffix}"
        if not path.exists():
            ffmpeg(*counted_picture(25, width=64, height=32), *tone(1.0), *FILMS[suffix], str(path))
        return path.read_bytes()

    return make


class TestProbe:
    @tried(60, 4)
    @given(suffix=st.sampled_from(sorted(FILMS)), seed=st.integers(0, 2**32))
    def test_damage_gives_facts_or_a_fault(
        self, small: Callable[[str], bytes], tmp_path: Path, suffix: str, seed: int
    ) -> None:
        """And a plan or a fault of what is found, within the limits of a look."""
        source = tmp_path / "film"
        source.write_bytes(mutated(small(suffix), seed))
        try:
            facts = asyncio.run(probe(str(source), limits=Limits(probe_seconds=10, scan_seconds=10)))
            assert isinstance(facts, Probe)
            make_plan(facts)
        except MediaFault:
            return


@pytest.fixture(scope="module")
async def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    """Init segment and cell of a picture and of a sound, as they are made."""
    source = tmp_path_factory.mktemp("cells") / "film.mkv"
    ffmpeg(*counted_picture(25, width=64, height=32), *tone(1.0), *X264, "-c:a", "flac", str(source))
    plan = await planned(source)
    [picture] = (await video_cells(source, plan))[plan.video[0].name]
    [sound] = await audio_cells(source, plan)
    return {"picture": (picture.init, picture.data), "sound": (sound.init, sound.data)}


class TestBoxes:
    @tried(200, 100)
    @given(seed=st.integers(0, 2**32), pieces=st.integers(1, 5000))
    def test_a_damaged_stream_gives_cells_or_its_error(
        self, cells: dict[str, tuple[bytes, bytes]], seed: int, pieces: int
    ) -> None:
        """However the pipe cuts it; and never more is held than was fed."""
        init, data = cells["picture"]
        stream = mutated(init + data + data, seed)
        splitter = CellSplitter("v32", GRID, range(2))
        try:
            for at in range(0, len(stream), pieces):
                splitter.feed(stream[at : at + pieces])
            splitter.close()
        except BadFragment:
            return

    @tried(200, 100)
    @given(data=st.binary(max_size=300))
    def test_any_bytes_give_places_or_its_error(self, data: bytes) -> None:
        """Also as the fragment that they are not."""
        for read in (lambda: find_boxes(data, 0, len(data)), lambda: Fragment(data)):
            try:
                read()
            except BadFragment:
                continue

    def test_boxes_in_boxes_end(self) -> None:
        """A tower of containers is no end of the stack."""
        data = b""
        for _ in range(5000):
            data = struct.pack(">I4s", 8 + len(data), b"moov") + data
        assert set(find_boxes(data, 0, len(data))) == {b"moov"}


class TestLayout:
    @tried(150, 100)
    @given(seed=st.integers(0, 2**32), which=st.sampled_from(["picture", "sound"]), in_init=st.booleans())
    def test_damaged_cells_give_a_track_or_its_error(
        self, cells: dict[str, tuple[bytes, bytes]], seed: int, which: str, in_init: bool
    ) -> None:
        """What was stored may have rotted."""
        init, data = cells[which]
        try:
            track = Track(which, mutated(init, seed) if in_init else init)
            track.add(data if in_init else mutated(data, seed))
            track.box(1, 1000, [100])
        except BadFragment:
            return

    def test_a_track_of_neither_picture_nor_sound_is_refused(self, cells: dict[str, tuple[bytes, bytes]]) -> None:
        """Its media header has rotted away."""
        init, data = cells["picture"]
        track = Track("picture", init.replace(b"vmhd", b"free"))
        track.add(data)
        with pytest.raises(BadFragment):
            track.box(1, 1000, [100])

    def test_a_clock_that_stands_still_is_refused(self, cells: dict[str, tuple[bytes, bytes]]) -> None:
        """Its media header has rotted to no ticks a second; one that is cut off is none either."""
        for init, _ in cells.values():
            at = init.index(b"mdhd") + 4
            for rotten in (init[: at + 12] + bytes(4) + init[at + 16 :], init[: at - 8] + b"\0\0\0\x08mdhd"):
                with pytest.raises(BadFragment):
                    Track("picture", rotten)


class TestSound:
    @tried(200, 200)
    @given(data=st.binary(max_size=2000), synced=st.booleans(), pieces=st.integers(1, 700))
    def test_any_bytes_give_frames_or_its_error(self, data: bytes, synced: bool, pieces: int) -> None:
        """What it holds back is less than a frame."""
        reader = AdtsReader()
        stream = b"\xff\xf1" + data if synced else data
        try:
            for at in range(0, len(stream), pieces):
                reader.feed(stream[at : at + pieces])
        except BadAudioStream:
            return
        assert len(reader._pending) < 8192 + 7


EXAMPLES = (
    b"WEBVTT\n\nSTYLE\n::cue { color: red }\n\n1\n00:01.000 --> 00:02.000 align:left\n<b>One</b>\n",
    b"1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>One</i>\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nTwo\r\n",
    b"[Script Info]\n[Events]\nFormat: Layer, Start, End, Text\nDialogue: 0,0:00:01.00,0:00:02.00,{\\i1}One\n",
    b'<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2.5s">One<br/>two</p></div></body></tt>',
)


class TestCaptions:
    @tried(300, 100)
    @given(example=st.sampled_from(EXAMPLES), seed=st.integers(0, 2**32))
    def test_damage_gives_cues_or_its_error(self, example: bytes, seed: int) -> None:
        """Of every format that is read."""
        try:
            read_captions(mutated(example, seed))
        except BadCaptions:
            return
