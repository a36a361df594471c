"""What is made, read by parsers that others wrote: cells by pymp4, HLS by m3u8, DASH by mpegdash, and FFmpeg."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from mpegdash.parser import MPEGDASHParser
from tests.unit.media.plans import opened
from tests.unit.media.plans import plan as planned_for

from matinee.media.binaries import find_binaries
from matinee.media.captions.listing import ListedTrack
from matinee.media.captions.model import SEGMENT_SECONDS, Cue, Faults
from matinee.media.captions.read import read_stored
from matinee.media.captions.vtt import cut_vtt, parse_vtt, write_vtt
from matinee.media.cells import Cell
from matinee.media.dash import manifest
from matinee.media.hls import keyframe_playlist, master_playlist, media_playlist, text_playlist
from matinee.media.model import AAC_FRAME_SAMPLES, AudioRendition, CopiedRendition, Plan
from matinee.media.timeline import segments_of_text, timeline

from .films import decode
from .kinds import KINDS, Made
from .reading import child, keyframes, kinds, parsed, sizes, span, strictly, timescale

TEXTS = [
    ListedTrack(UUID(int=1), "captions", "en", 'What is "said"', default=True, forced=False, machine_made=True),
    ListedTrack(UUID(int=2), "subtitles", "und", "Signs, letters", default=False, forced=True),
]
CUES = [Cue(100, 900, "Once"), Cue(56_000, 58_000, "Twice"), Cue(140_000, 143_000, "At last")]
_MICROSECOND = 2e-6  # both ends of a segment are rounded

_made: dict[str, Made] = {}


@pytest.fixture(params=KINDS)
async def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A plan, and all cells of all its renditions; made once."""
    name = request.param
    if name not in _made:
        _made[name] = await KINDS[name](tmp_path_factory.mktemp("structure"))
    return _made[name]


def laid_out(plan: Plan, renditions: dict[str, list[Cell]], folder: Path) -> Path:
    """The master playlist beside all that it leads to, as a server offers it."""
    for name, cells in renditions.items():
        place = folder / plan.recipe / name
        place.mkdir(parents=True)
        (place / "playlist.m3u8").write_text(media_playlist(plan, name))
        (place / "init.mp4").write_bytes(cells[0].init)
        for cell in cells:
            (place / f"{cell.index}.m4s").write_bytes(cell.data)
    for track in TEXTS:
        text_laid_out(plan, CUES, folder / "captions" / str(track.id))
    master = folder / "master.m3u8"
    master.write_text(master_playlist(plan, {}, TEXTS))
    return master


def text_laid_out(plan: Plan, cues: list[Cue], folder: Path) -> Path:
    """The playlist of a text track beside its segments."""
    folder.mkdir(parents=True)
    for index, segment in enumerate(cut_vtt(cues, segments_of_text(plan, SEGMENT_SECONDS))):
        (folder / f"{index}.vtt").write_text(segment)
    playlist = folder / "index.m3u8"
    playlist.write_text(text_playlist(plan))
    return playlist


def heard(program: str, *arguments: str) -> tuple[bytes, list[str]]:
    """What a program of FFmpeg prints, and the lines of its complaints."""
    command = [program, "-v", "warning", *arguments]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout, done.stderr.decode().splitlines()


class TestInit:
    """ISO/IEC 23000-19, 7.3.1: a CMAF header."""

    def test_is_a_cmaf_header(self, made: Made) -> None:
        """`ftyp` with a CMAF brand, then one `moov` of one fragmented track without samples of its own."""
        plan, renditions = made
        assert set(renditions) == {rendition.name for rendition in plan.renditions}
        for name, cells in renditions.items():
            assert {cell.init for cell in cells} == {cells[0].init}
            ftyp, moov = parsed(cells[0].init)
            assert (ftyp.kind, moov.kind) == ("ftyp", "moov")
            assert b"cmfc" in (ftyp.major_brand, *ftyp.compatible_brands)
            assert [kind for kind in kinds(moov.children) if kind != "udta"] == ["mvhd", "trak", "mvex"]
            table = child(moov, "trak", "mdia", "minf", "stbl")
            assert {"stsd", "stts", "stsc", "stsz", "stco"} <= set(kinds(table.children))
            assert child(table, "stts").entries == []
            assert child(moov, "mvex", "trex").default_sample_description_index == 1
            assert timescale(cells[0].init) == timeline(plan, plan.rendition(name)).timescale

    def test_says_what_the_plan_says(self, made: Made) -> None:
        """One sample entry, of the codec that playlists name, with the size or the channels that they promise."""
        plan, renditions = made
        for name, cells in renditions.items():
            rendition, moov = plan.rendition(name), parsed(cells[0].init)[1]
            [entry] = child(moov, "trak", "mdia", "minf", "stbl", "stsd").entries
            assert entry.format.decode() == rendition.codecs[:4]
            if isinstance(rendition, AudioRendition):
                assert (entry.channels, entry.sampling_rate) == (rendition.channels, rendition.sample_rate)
            else:
                header = child(moov, "trak", "tkhd")
                assert (header.width >> 16, header.height >> 16) == (rendition.width, rendition.height)


class TestCells:
    """ISO/IEC 23000-19, 7.3.2: CMAF fragments."""

    def test_each_is_one_fragment_that_begins_with_a_keyframe(self, made: Made) -> None:
        """One `moof` and one `mdat`, offsets from the `moof`, and exactly one keyframe, the first frame."""
        plan, renditions = made
        for name, cells in renditions.items():
            is_sound = isinstance(plan.rendition(name), AudioRendition)
            for cell in cells:
                moof, mdat = parsed(cell.data)
                assert (moof.kind, mdat.kind) == ("moof", "mdat")
                assert kinds(moof.children) == ["mfhd", "traf"]
                assert child(moof, "mfhd").sequence_number == cell.index + 1
                assert kinds(child(moof, "traf").children) == ["tfhd", "tfdt", "trun"]
                tfhd, trun = child(moof, "traf", "tfhd"), child(moof, "traf", "trun")
                assert tfhd.flags.default_base_is_moof
                assert not tfhd.flags.base_data_offset_present
                assert sum(sizes(moof)) == len(mdat.data) - 8
                moof_bytes = len(moof.data)
                assert trun.data_offset == moof_bytes + 8
                assert len(sizes(moof)) == cell.samples
                assert keyframes(moof) == (list(range(cell.samples)) if is_sound else [0])

    def test_times_join_and_add_up_to_the_grid(self, made: Made) -> None:
        """Each cell begins where the one before ends, and begins where the plan says."""
        plan, renditions = made
        for name, cells in renditions.items():
            rendition, scale = plan.rendition(name), timescale(cells[0].init)
            spans = [span(parsed(cell.data)[0]) for cell in cells]
            assert [cell.index for cell in cells] == list(range(plan.cells_of(name)))
            assert all(end == start for (_, end), (start, _) in pairwise(spans))
            starts, end = [start for start, _ in spans], spans[-1][1]
            grid = plan.grid
            if isinstance(rendition, AudioRendition):
                moments = [plan.audio_cell_start(index, rendition) for index in range(grid.cells)]
                assert starts == [moment * scale for moment in moments]
                assert 0 <= end - grid.duration * scale < AAC_FRAME_SAMPLES
            elif isinstance(rendition, CopiedRendition):
                assert [*starts, end] == rendition.bounds()
                assert len(set(timeline(plan, rendition).durations)) > 1
                assert end == grid.duration * scale
            else:
                assert starts == [grid.first_frame(index) * grid.frame_ticks for index in range(grid.cells)]
                assert end == grid.frames * grid.frame_ticks

    def test_a_keyframe_is_the_first_frame_to_its_last_byte(self, made: Made) -> None:
        """So many bytes of a cell are what an I-frame playlist names."""
        plan, renditions = made
        for rung in plan.pictures:
            for cell in renditions[rung.name]:
                moof = parsed(cell.data)[0]
                assert cell.keyframe_bytes == len(moof.data) + 8 + sizes(moof)[0]


class TestMaster:
    def test_another_parser_finds_every_rendition(self, made: Made) -> None:
        """Pictures in the order of the plan's promises, each with sounds and text; and their keyframes."""
        plan, _ = made
        master = strictly(master_playlist(plan, {}, TEXTS))
        rungs = {rung.name: rung for rung in plan.shown}
        assert {variant.uri.split("/")[1] for variant in master.playlists} == (set(rungs) or {"audio"})
        for variant in master.playlists:
            told, kind = variant.stream_info, Counter(media.type for media in variant.media)
            assert kind["SUBTITLES"] == len(TEXTS)
            assert kind["AUDIO"] == (len(plan.tracks) if rungs else 0)
            if rungs:
                rung = rungs[variant.uri.split("/")[1]]
                assert (told.resolution, told.video_range) == ((rung.width, rung.height), rung.video_range)
                assert told.codecs.split(",") == [rung.codecs, *(["mp4a.40.2"] if plan.sounds else [])]
        sounds = {media.uri.split("/")[1]: media for media in master.media if media.type == "AUDIO"}
        assert {name: media.channels for name, media in sounds.items()} == (
            {sound.name: str(sound.channels) for sound in plan.sounds} if rungs else {}
        )
        seeking = [(variant.uri, variant.iframe_stream_info.video_range) for variant in master.iframe_playlists]
        assert seeking == [(f"{plan.recipe}/{r.name}/iframes.m3u8", r.video_range) for r in plan.pictures]

    def test_ffmpeg_finds_every_rendition_without_a_warning(self, made: Made, tmp_path: Path) -> None:
        """As often as the playlist names it: pictures in all codecs, sounds with all their channels, and text."""
        plan, renditions = made
        path = laid_out(plan, renditions, tmp_path)
        master = strictly(path.read_text())
        variants = [plan.rendition(variant.uri.split("/")[1]) for variant in master.playlists]
        sounds = [plan.rendition(media.uri.split("/")[1]) for media in master.media if media.type == "AUDIO"]
        shown = ["-show_entries", "stream=codec_name,height,channels", "-of", "json", str(path)]
        found, said = heard(find_binaries().ffprobe, *shown)
        assert said == []
        streams = Counter(
            (stream["codec_name"], stream.get("height") or stream.get("channels"))
            for stream in json.loads(found)["streams"]
        )
        named = [
            ("aac", r.channels) if isinstance(r, AudioRendition) else (r.codec, r.height) for r in variants + sounds
        ]
        assert streams == Counter([*named, *[("webvtt", None)] * len(TEXTS)])


class TestPlaylists:
    def test_another_parser_finds_every_cell(self, made: Made) -> None:
        """As many segments of the lengths that the cells have, and one target for all (RFC 8216, 6.2.4)."""
        plan, renditions = made
        targets = set()
        for name, cells in renditions.items():
            playlist = strictly(media_playlist(plan, name))
            assert [segment.uri for segment in playlist.segments] == [f"{cell.index}.m4s" for cell in cells]
            assert {segment.init_section.uri for segment in playlist.segments} == {"init.mp4"}
            scale = timescale(cells[0].init)
            for segment, cell in zip(playlist.segments, cells, strict=True):
                start, end = span(parsed(cell.data)[0])
                assert segment.duration == pytest.approx((end - start) / scale, abs=_MICROSECOND)
                assert round(segment.duration) <= playlist.target_duration
            assert playlist.is_endlist
            targets.add(playlist.target_duration)
        assert len(targets) == 1

    def test_ffmpeg_plays_them_without_a_warning(self, made: Made, tmp_path: Path) -> None:
        """Every rendition's playlist."""
        plan, renditions = made
        laid_out(plan, renditions, tmp_path)
        for name, cells in renditions.items():
            playlist = tmp_path / plan.recipe / name / "playlist.m3u8"
            listed = decode("-i", str(playlist), "-c", "copy", "-f", "framecrc").decode().splitlines()
            assert len([line for line in listed if line.startswith("0,")]) == sum(cell.samples for cell in cells)

    def test_another_parser_finds_the_same_cells_in_the_manifest(self, made: Made) -> None:
        """Each representation's timeline expands to the cells' own times."""
        plan, renditions = made
        [period] = MPEGDASHParser.parse(manifest(plan)).periods
        found = []
        for adaptation in period.adaptation_sets:
            for representation in adaptation.representations:
                [template] = representation.segment_templates or adaptation.segment_templates
                spans, now = [], 0
                for entry in template.segment_timelines[0].Ss:
                    now = entry.t if entry.t is not None else now
                    for _ in range((entry.r or 0) + 1):
                        spans.append((now, now + entry.d))
                        now += entry.d
                cells = renditions[representation.id]
                assert template.timescale == timescale(cells[0].init)
                assert [span(parsed(cell.data)[0]) for cell in cells] == spans
                assert representation.codecs == plan.rendition(representation.id).codecs
                found.append(representation.id)
        assert sorted(found) == sorted(renditions)


class TestKeyframes:
    @pytest.mark.parametrize("first", [0, 1])
    def test_another_parser_finds_every_keyframe_that_is_stored(self, made: Made, first: int) -> None:
        """A range of bytes each; where the first cells are not stored a gap stands for them."""
        plan, renditions = made
        for rung in plan.pictures:
            cells = renditions[rung.name]
            lengths = [cell.keyframe_bytes if cell.index >= first else None for cell in cells]
            playlist = strictly(keyframe_playlist(plan, rung.name, lengths))
            assert playlist.is_i_frames_only
            assert playlist.is_endlist
            gaps = [segment for segment in playlist.segments if segment.gap_tag]
            assert len(gaps) == (first > 0)
            shown = [(segment.uri, segment.byterange) for segment in playlist.segments[len(gaps) :]]
            assert shown == [(f"{cell.index}.m4s", f"{cell.keyframe_bytes}@0") for cell in cells[first:]]
            lasts = sum(segment.duration for segment in playlist.segments)
            assert lasts == pytest.approx(float(plan.grid.duration), abs=_MICROSECOND)
            assert all(round(segment.duration) <= playlist.target_duration for segment in playlist.segments)

    def test_ffmpeg_shows_a_keyframe_of_it(self, made: Made, tmp_path: Path) -> None:
        """Of a playlist with one. Several ranges it reads as one file, and takes the next for what one leaves out.

        It is right to say that the rest of the frames is missing, and says nothing else.
        """
        plan, renditions = made
        laid_out(plan, renditions, tmp_path)
        for rung in plan.pictures:
            playlist = tmp_path / plan.recipe / rung.name / "iframes.m3u8"
            playlist.write_text(keyframe_playlist(plan, rung.name, [renditions[rung.name][0].keyframe_bytes]))
            to_hash = ["-f", "framemd5", "-frames:v", "1", "pipe:1"]
            shown, said = heard(find_binaries().ffmpeg, "-i", str(playlist), *to_hash)
            assert [line for line in said if not line.endswith("partial file")] == []
            whole = decode("-i", str(playlist.with_name("playlist.m3u8")), *to_hash[:-1])
            assert shown.split()[-1] == whole.split()[-1]


class TestText:
    def test_another_parser_finds_every_segment(self) -> None:
        """About a minute each, to the end of the video."""
        plan = opened(planned_for(150))
        playlist = strictly(text_playlist(plan))
        assert [segment.uri for segment in playlist.segments] == ["0.vtt", "1.vtt", "2.vtt"]
        assert sum(segment.duration for segment in playlist.segments) == 150
        assert all(round(segment.duration) <= playlist.target_duration for segment in playlist.segments)
        assert playlist.is_endlist

    def test_ffmpeg_reads_every_cue_once(self, tmp_path: Path) -> None:
        """It tells of the one that stands in two segments, as HLS wants it, and knows it for the same."""
        playlist = text_laid_out(opened(planned_for(150)), CUES, tmp_path / "text")
        read, said = heard(find_binaries().ffmpeg, "-i", str(playlist), "-f", "webvtt", "pipe:1")
        assert [line.split("] ")[1] for line in said] == ["Dropping 1 duplicated subtitle events"]
        assert parse_vtt(read.decode(), Faults()) == read_stored(write_vtt(CUES).encode())
