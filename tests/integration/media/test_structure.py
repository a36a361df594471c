"""What is made, read by parsers that others wrote: cells by pymp4, HLS by m3u8, DASH by mpegdash, and FFmpeg."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import m3u8
import pytest
from mpegdash.parser import MPEGDASHParser
from pymp4.parser import Box

from matinee.media.cells import Cell
from matinee.media.dash import manifest
from matinee.media.hls import master_playlist, media_playlist
from matinee.media.model import AAC_FRAME_SAMPLES, Plan

from .films import counted_picture, decode, ffmpeg, tone
from .playing import audio_cells, planned, video_cells

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
FILMS = {
    "odd rate, long last cell": [*counted_picture(130, "30000/1001"), *tone(4.35), *X264, "-c:a", "pcm_s16le"],
    "copied sound": [*counted_picture(230), *tone(9.2), *X264, "-g", "50", "-c:a", "aac"],
    "sound alone": [*tone(9.3), "-c:a", "pcm_s16le"],
    "five a second": [*counted_picture(40, "5"), *X264],
    "one frame": [*counted_picture(1), *X264],
}
_NOT_A_KEYFRAME = 0x10000
_HOLDERS = ("moov", "trak", "mdia", "minf", "stbl", "mvex", "moof", "traf")

_made: dict[str, tuple[Plan, dict[str, list[Cell]]]] = {}


@pytest.fixture(params=FILMS)
async def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Plan, dict[str, list[Cell]]]:
    """A plan, and all cells of all its renditions; made once."""
    name = request.param
    if name not in _made:
        source = tmp_path_factory.mktemp("structure") / "film.mov"
        ffmpeg(*FILMS[name], str(source))
        plan = await planned(source)
        cells = await video_cells(source, plan)
        if plan.audio:
            cells[plan.audio.name] = await audio_cells(source, plan)
        _made[name] = plan, cells
    return _made[name]


class Node:
    """A box: its kind, those in it, and what pymp4 reads in it."""

    def __init__(self, data: bytes) -> None:
        self.kind = data[4:8].decode()
        self.data = data
        self.children = parsed(data[8:]) if self.kind in _HOLDERS else []

    def __getattr__(self, name: str) -> Any:
        return getattr(Box.parse(self.data), name)


def parsed(data: bytes) -> list[Node]:
    """The boxes side by side, to the last byte."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 8 <= size <= len(data) - at
        found.append(Node(data[at : at + size]))
        at += size
    return found


def kinds(boxes: list[Node]) -> list[str]:
    return [box.kind for box in boxes]


def child(box: Node, *path: str) -> Node:
    """The one box at this path below another."""
    for kind in path:
        [box] = [inner for inner in box.children if inner.kind == kind]
    return box


def strictly(text: str) -> m3u8.M3U8:
    """A playlist whose tags are fit for its version."""
    m3u8.parser.parse(text, strict=True)
    return m3u8.loads(text)


class TestInit:
    """ISO/IEC 23000-19, 7.3.1: a CMAF header."""

    def test_is_a_cmaf_header(self, made: tuple[Plan, dict[str, list[Cell]]]) -> None:
        """`ftyp` with a CMAF brand, then one `moov` of one fragmented track without samples of its own."""
        plan, renditions = made
        for name, cells in renditions.items():
            ftyp, moov = parsed(cells[0].init)
            assert (ftyp.kind, moov.kind) == ("ftyp", "moov")
            assert b"cmfc" in (ftyp.major_brand, *ftyp.compatible_brands)
            assert [kind for kind in kinds(moov.children) if kind != "udta"] == ["mvhd", "trak", "mvex"]
            table = child(moov, "trak", "mdia", "minf", "stbl")
            assert {"stsd", "stts", "stsc", "stsz", "stco"} <= set(kinds(table.children))
            assert len(child(table, "stsd").entries) == 1
            assert child(table, "stts").entries == []
            assert child(moov, "mvex", "trex").default_sample_description_index == 1
            rendition = plan.rendition(name)
            scale = child(moov, "trak", "mdia", "mdhd").timescale
            assert scale == (rendition.sample_rate if rendition.name == "audio" else plan.grid.timescale)


class TestCells:
    """ISO/IEC 23000-19, 7.3.2: CMAF fragments."""

    def test_each_is_one_fragment_that_begins_with_a_keyframe(self, made: tuple[Plan, dict[str, list[Cell]]]) -> None:
        """One `moof` and one `mdat`, offsets from the `moof`, and exactly one keyframe, the first frame."""
        _, renditions = made
        for name, cells in renditions.items():
            for cell in cells:
                moof, mdat = parsed(cell.data)
                assert (moof.kind, mdat.kind) == ("moof", "mdat")
                assert kinds(moof.children) == ["mfhd", "traf"]
                assert child(moof, "mfhd").sequence_number == cell.index + 1
                assert kinds(child(moof, "traf").children) == ["tfhd", "tfdt", "trun"]
                tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
                assert tfhd.flags.default_base_is_moof
                assert not tfhd.flags.base_data_offset_present
                samples = trun.sample_info
                sizes = [_or(sample.sample_size, tfhd.default_sample_size) for sample in samples]
                assert sum(sizes) == len(mdat.data) - 8
                moof_bytes = len(moof.data)
                assert trun.data_offset == moof_bytes + 8
                assert len(samples) == cell.samples
                flags = [_word(_or(sample.sample_flags, tfhd.default_sample_flags)) for sample in samples]
                if trun.first_sample_flags is not None:
                    flags[0] = _word(trun.first_sample_flags)
                keyframes = [place for place, flag in enumerate(flags) if not flag & _NOT_A_KEYFRAME]
                assert keyframes == ([0] if name != "audio" else list(range(len(samples))))

    def test_times_join_and_add_up_to_the_grid(self, made: tuple[Plan, dict[str, list[Cell]]]) -> None:
        """Each cell begins where the one before ends, and begins where the grid says."""
        plan, renditions = made
        for name, cells in renditions.items():
            spans = [_span(parsed(cell.data)[0]) for cell in cells]
            assert len(cells) == plan.grid.cells
            assert all(end == start for (_, end), (start, _) in pairwise(spans))
            starts = [start for start, _ in spans]
            if name == "audio":
                assert plan.audio is not None
                rate = plan.audio.sample_rate
                assert starts == [plan.audio_cell_start(index) * rate for index in range(plan.grid.cells)]
                assert 0 <= Fraction(spans[-1][1], rate) - plan.grid.duration < Fraction(AAC_FRAME_SAMPLES, rate)
            else:
                assert starts == [plan.grid.first_frame(i) * plan.grid.frame_ticks for i in range(plan.grid.cells)]
                assert spans[-1][1] == plan.grid.frames * plan.grid.frame_ticks


class TestPlaylists:
    def test_another_parser_finds_every_cell(self, made: tuple[Plan, dict[str, list[Cell]]]) -> None:
        """The variants, and in each as many segments of the lengths that the cells have."""
        plan, renditions = made
        master = strictly(master_playlist(plan, {}))
        assert {variant.uri.split("/")[1] for variant in master.playlists} == (
            {rung.name for rung in plan.video} or {"audio"}
        )
        for name, cells in renditions.items():
            playlist = strictly(media_playlist(plan, name))
            scale = plan.audio.sample_rate if plan.audio and name == "audio" else plan.grid.timescale
            for segment, cell in zip(playlist.segments, cells, strict=True):
                start, end = _span(parsed(cell.data)[0])
                assert segment.duration == pytest.approx((end - start) / scale, abs=2e-6)
                assert round(segment.duration) <= playlist.target_duration
            assert playlist.is_endlist

    def test_ffmpeg_plays_them_without_a_warning(
        self, made: tuple[Plan, dict[str, list[Cell]]], tmp_path: Path
    ) -> None:
        """Every rendition's playlist."""
        plan, renditions = made
        for name, cells in renditions.items():
            folder = tmp_path / plan.recipe / name
            folder.mkdir(parents=True)
            (folder / "init.mp4").write_bytes(cells[0].init)
            for cell in cells:
                (folder / f"{cell.index}.m4s").write_bytes(cell.data)
            playlist = folder / "playlist.m3u8"
            playlist.write_text(media_playlist(plan, name))
            listed = decode("-i", str(playlist), "-c", "copy", "-f", "framecrc").decode().splitlines()
            assert len([line for line in listed if line.startswith("0,")]) == sum(cell.samples for cell in cells)

    def test_another_parser_finds_the_same_cells_in_the_manifest(
        self, made: tuple[Plan, dict[str, list[Cell]]]
    ) -> None:
        """Each adaptation set's timeline expands to the cells' own times."""
        plan, renditions = made
        mpd = MPEGDASHParser.parse(manifest(plan))
        [period] = mpd.periods
        assert len(period.adaptation_sets) == bool(plan.video) + bool(plan.audio)
        for adaptation in period.adaptation_sets:
            [template] = adaptation.segment_templates
            spans, now = [], 0
            for entry in template.segment_timelines[0].Ss:
                now = entry.t if entry.t is not None else now
                for _ in range((entry.r or 0) + 1):
                    spans.append((now, now + entry.d))
                    now += entry.d
            for representation in adaptation.representations:
                cells = renditions[representation.id]
                assert [_span(parsed(cell.data)[0]) for cell in cells] == spans
                assert representation.codecs == plan.rendition(representation.id).codecs


def _span(moof: Node) -> tuple[int, int]:
    """From when to when, in ticks of its track, a fragment's frames go."""
    tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
    start = child(moof, "traf", "tfdt").baseMediaDecodeTime
    lasts = sum(_or(sample.sample_duration, tfhd.default_sample_duration) for sample in trun.sample_info)
    return start, start + lasts


def _or(value: Any, default: Any) -> Any:
    return default if value is None else value


def _word(flags: Any) -> int:
    """Sample flags as the one word they are."""
    if isinstance(flags, int):
        return flags
    return _NOT_A_KEYFRAME if flags.sample_is_non_sync_sample else 0
