"""Tables to cuts, cuts to a plan; and tables that lie, which are refused by name and never believed."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.examples import examples
from tests.unit.media.movies import CONFIGURATION, SEQUENCE, SIZE, TICKS, facts, movie, planned
from tests.unit.media.plans import plan as plan_of
from tests.unit.media.plans import sound

from matinee.media import dash, hls
from matinee.media.avc import BadParameters, begins_anew, read_configuration, read_sequence
from matinee.media.bandwidth import peak_bits
from matinee.media.boxes import Fragment, box
from matinee.media.copying import Span, assemble, head_length, read_head, read_record, record_span, spans
from matinee.media.grid import make_grid
from matinee.media.model import CopiedRendition, Plan, Rate
from matinee.media.passthrough import (
    Copy,
    DoesNotConformError,
    choose_cuts,
    consider,
    entry_places,
    make_copy,
    put_above,
)
from matinee.media.sample_tables import BadTables, read_movie, read_tables

FRAMES = 500  # 20 s
FRAME = 1000  # ticks of the grid's clock
SIZES = [1000 + n for n in range(FRAMES)]
EVERY_TWO_SECONDS = tuple(range(1, FRAMES, 50))
GOOD = movie(SIZES, keyframes=EVERY_TWO_SECONDS, compositions=[0] * FRAMES, edits=[(20_000, 0)])


def copy(index: bytes = GOOD, *, max_bits: int = 10_000_000) -> Copy:
    probe = facts(Fraction(FRAMES, 25))
    return make_copy(planned(probe), probe, read_tables(index, SIZE), max_bits=max_bits)[0]


class TestCopy:
    def test_cells_hold_every_frame_once_in_order(self) -> None:
        """Each with its size, at its offset; decode times go on from cell to cell."""
        made = copy()
        head, length = read_head(made.index), head_length(made.index)
        sizes: list[int] = []
        now = 0
        for cell in range(head.cells):
            place = record_span(head, length, cell)
            frames = read_record(made.index[place.start : place.start + place.length])
            assert frames.decode_time == now
            now += sum(frames.durations)
            sizes += frames.sizes
            assert frames.offsets[0] >= 1 << 20
        assert sizes == SIZES
        assert now == FRAMES * FRAME

    def test_the_plan_has_the_times_and_bits_of_the_cells(self) -> None:
        """A cell of 4 s holds 100 frames; the last one is the costliest."""
        rendition = copy().rendition
        assert rendition.bounds() == [n * 100 * FRAME for n in range(6)]
        assert rendition.cells == 5
        last = sum(SIZES[400:]) + 100 * 12 + 104
        assert rendition.peak_bit_rate == last * 8 // 4
        assert (rendition.name, rendition.codecs) == ("v360-source", "avc1.64001e")

    def test_a_cell_is_a_fragment_of_its_frames(self) -> None:
        """Its first frame is a keyframe, and `keyframe_bytes` ends behind it."""
        made = copy()
        head, length = read_head(made.index), head_length(made.index)
        place = record_span(head, length, 3)
        frames = read_record(made.index[place.start : place.start + place.length])
        read = {span: bytes(span.length) for span in spans(frames)}
        cell = assemble("v360-source", 3, head, frames, read)
        fragment = Fragment(cell.data[: int.from_bytes(cell.data[:4])])
        samples = list(fragment.list_samples())
        assert [sample.size for sample in samples] == SIZES[300:400]
        assert [sample.keyframe for sample in samples] == [True] + [False] * 99
        assert fragment.decode_time == 300 * FRAME
        assert cell.keyframe_bytes == len(cell.data) - sum(SIZES[301:400])

    def test_frames_that_lie_near_are_read_at_once(self) -> None:
        """Sound between them is read along; what lies far is not."""
        made = copy()
        head, length = read_head(made.index), head_length(made.index)
        place = record_span(head, length, 0)
        found = spans(read_record(made.index[place.start : place.start + place.length]))
        assert found == [Span((1 + n) << 20, sum(SIZES[10 * n : 10 * n + 10])) for n in range(10)]

    def test_the_index_of_ten_hours_is_small(self) -> None:
        """In the plan a cell costs a byte or two, however the keyframes lie."""
        rendition = CopiedRendition("v", 2, 2, "avc1", 1, 1, 90_000, 9000, 3600, bytes([0xE4, 0]) * 9000)
        assert rendition.bounds()[-1] == 9000 * 100 * 3600
        assert len(rendition.lengths) < 20_000


class TestLadder:
    def put(self, peak: int) -> Plan:
        plan = plan_of(60, size=(1920, 1080))
        rendition = CopiedRendition("v1080-source", 1920, 1080, "avc1.640028", peak, peak // 2, 90_000, 15, 1, b"")
        return put_above(plan, Copy(rendition, b"", "It conforms."))

    def test_the_rung_of_its_size_is_not_made(self) -> None:
        """Those below are."""
        made = self.put(8_000_000)
        assert [rung.name for rung in made.ladder] == ["v240", "v360", "v480", "v720", "v1080-source"]
        assert made.reasons == ("It conforms.",)

    def test_rungs_that_save_nothing_beside_it_are_not_made(self) -> None:
        """A film of few bits is no cheaper at half its size."""
        assert [rung.name for rung in self.put(2_500_000).ladder] == ["v240", "v360", "v480", "v1080-source"]

    def test_it_costs_more_than_every_rung(self) -> None:
        """As far as players know: they would take the lowest one for the better one."""
        made = self.put(100_000)
        assert [rung.name for rung in made.ladder] == ["v240", "v1080-source"]
        bits = [peak_bits(made, rung) for rung in made.ladder]
        assert bits[0] <= bits[1] * 4 / 5


class TestCuts:
    @examples(200, a_second=100)
    @given(st.lists(st.integers(1, 250), min_size=1, max_size=60))
    def test_no_cell_is_short_and_no_keyframe_in_reach_is_missed(self, gaps: list[int]) -> None:
        """Whatever the distances of keyframes up to 10 s: cells last from 2 s to 17 s, but for the ends."""
        moments = [0]
        for gap in gaps[:-1]:
            moments.append(moments[-1] + gap)
        end = moments[-1] + gaps[-1]
        grid = make_grid(Rate(25, 1), Fraction(end, 25))
        cuts = choose_cuts(grid, 25, range(len(moments)), moments, end)
        bounds = [*(tick for _, tick in cuts), end]
        lengths = [stop - start for start, stop in pairwise(bounds)]
        assert bounds[0] == 0
        assert all(50 <= length <= 17 * 25 for length in lengths[1:-1])
        assert len(cuts) == 1 or 12 < lengths[0] <= 17 * 25
        assert len(cuts) == 1 or 2 * lengths[-1] >= 25
        assert len(cuts) <= grid.cells
        assert all(moments[place] == tick for place, tick in cuts)

    def test_a_keyframe_before_which_later_frames_show_is_no_entry(self) -> None:
        """An open group: two frames behind the keyframe show before it."""
        shown = [0, 3, 1, 2, 6, 4, 5, 7]
        assert entry_places([0, 4, 7], shown) == [0, 7]


class TestPlaylists:
    def made(self) -> Plan:
        probe = facts(Fraction(FRAMES, 25))
        plan = planned(probe)
        keyframes = (1, 121, 241, 361, 481)  # 4.8 s apart
        index = movie(SIZES, keyframes=keyframes)
        rendition = make_copy(plan, probe, read_tables(index, SIZE), max_bits=10_000_000)[0].rendition
        return replace(plan, video=plan.video[:-1], sounds=(sound(),), copied=rendition)

    def test_the_copy_is_the_largest_variant(self) -> None:
        """With the bits that were measured."""
        plan = self.made()
        lines = hls.master_playlist(plan, {}).splitlines()
        uris = [line for line in lines if line.endswith("playlist.m3u8")]
        assert uris == [f"{plan.recipe}/v240/playlist.m3u8", f"{plan.recipe}/v360-source/playlist.m3u8"]
        assert plan.copied is not None
        copied = lines[lines.index(uris[1]) - 1]
        assert 'CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360' in copied

    def test_its_segments_last_as_long_as_its_cells(self) -> None:
        """All playlists of the video name the longest."""
        plan = self.made()
        copied = hls.media_playlist(plan, "v360-source").splitlines()
        lasting = [line for line in copied if line.startswith("#EXTINF")]
        assert lasting == ["#EXTINF:4.800000,"] * 4 + ["#EXTINF:0.800000,"]
        targets = {hls.media_playlist(plan, name).splitlines()[2] for name in ("v240", "v360-source", "audio")}
        assert targets == {"#EXT-X-TARGETDURATION:5"}

    def test_in_dash_every_picture_has_its_own_timeline(self) -> None:
        """In one set, so that players switch; not said to be aligned."""
        text = dash.manifest(self.made())
        assert text.count('segmentAlignment="false"') == 1
        assert text.count("<SegmentTemplate") == 3
        assert '<S d="120000" r="3" t="0" />' in text


class TestRefusals:
    @pytest.mark.parametrize("turn", [{"mirrored": True}, {"rotation": 90}])
    async def test_what_a_header_turns_is_encoded(self, turn: dict[str, object]) -> None:
        """Segments have no such header."""
        probe = facts(Fraction(FRAMES, 25))
        assert probe.video is not None
        turned = replace(probe, video=replace(probe.video, **turn))

        async def read(start: int, length: int) -> bytes:
            raise AssertionError("nothing need be read")

        plan, index = await consider(planned(probe), turned, read, SIZE, max_bits=10_000_000)
        assert (plan.copied, index) == (None, None)
        assert plan.reasons[-1] == "The picture is encoded anew, because it has to be turned."

    @pytest.mark.parametrize(
        ("index", "why"),
        [
            (movie(SIZES, keyframes=(1, 400)), "16 s apart"),
            (movie(SIZES, keyframes=(2, 100, 300)), "begin with a keyframe"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, edits=[(20_000, 5 * TICKS)]), "edit list"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, edits=[(10_000, 0)]), "edit list"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, edits=[(5000, 0), (15_000, 0)]), "edit list"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, edits=[(700, -1), (20_000, 0)]), "not what they seem"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, durations=[TICKS, 0] * 250), "no time"),
            (movie([0, *SIZES[1:]], keyframes=EVERY_TWO_SECONDS), "no bytes"),
            (movie([1 << 31, *SIZES[1:]], keyframes=EVERY_TWO_SECONDS), "points behind its end"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, compositions=[-(1 << 31)] * FRAMES), "edit|order"),
            (movie(SIZES, keyframes=(1, 501)), "contradicts"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, more=box(b"mvex")), "fragmented"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, more=GOOD[GOOD.index(b"trak") - 4 :]), "2 pictures"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, configuration=b"\1d"), "parameters cannot be read"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, configuration=b"\1\x6e" + CONFIGURATION[2:]), "profile"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, configuration=b"\1d\0\x3e" + CONFIGURATION[4:]), "level"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, timescale=1), "longer than a minute"),
            (movie(SIZES, keyframes=EVERY_TWO_SECONDS, timescale=0), "clock"),
        ],
    )
    def test_name_what_is_wrong(self, index: bytes, why: str) -> None:
        """As a part of a sentence for people."""
        with pytest.raises((BadTables, DoesNotConformError), match=why):
            copy(index)

    def test_bits_are_bounded(self) -> None:
        """By the costliest cell."""
        with pytest.raises(DoesNotConformError, match="kbit/s, more than the 100 allowed"):
            copy(max_bits=100_000)

    @pytest.mark.parametrize("kind", [b"stsz", b"stts", b"ctts", b"stss", b"stsc", b"stco"])
    def test_a_count_is_believed_as_far_as_bytes_back_it(self, kind: bytes) -> None:
        """Two billion entries in a box of a kilobyte cost nothing."""
        at = GOOD.index(kind) + (12 if kind == b"stsz" else 8)
        lie = GOOD[:at] + struct.pack(">I", (1 << 31) - 1) + GOOD[at + 4 :]
        tracemalloc.start()
        with pytest.raises(BadTables):
            read_tables(lie, SIZE)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1 << 20

    def test_runs_of_billions_are_not_written_out(self) -> None:
        """An entry that stands for two billion frames is weighed before it is unfolded."""
        at = GOOD.index(b"stts") + 12
        lie = GOOD[:at] + struct.pack(">I", (1 << 31) - 1) + GOOD[at + 4 :]
        with pytest.raises(BadTables, match="contradicts"):
            read_tables(lie, SIZE)

    @examples(400, a_second=100)
    @given(st.data())
    def test_any_damage_is_refused_or_harmless(self, data: st.DataObject) -> None:
        """Words of the index replaced, parts cut out or doubled: a copy within its bounds, or a sentence."""
        index = bytearray(GOOD)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(index) - 5))
            what = data.draw(st.sampled_from(["word", "cut", "double", "byte"]))
            if what == "word":
                edges = st.sampled_from([0, 1, 2, 8, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
                struct.pack_into(">I", index, at, data.draw(edges | st.integers(0, 0xFFFFFFFF)))
            elif what == "byte":
                index[at] = data.draw(st.integers(0, 255))
            elif what == "cut":
                del index[at : at + data.draw(st.integers(1, 200))]
            else:
                index[at:at] = index[at : at + data.draw(st.integers(1, 200))]
        try:
            made = copy(bytes(index))
        except (BadTables, DoesNotConformError):
            return
        head, length = read_head(made.index), head_length(made.index)
        for cell in range(head.cells):
            place = record_span(head, length, cell)
            frames = read_record(made.index[place.start : place.start + place.length])
            assert all(span.start + span.length <= SIZE for span in spans(frames))
            assert sum(span.length for span in spans(frames)) < 64 << 20
        assert made.rendition.peak_bit_rate <= 10_000_000

    @examples(200, a_second=100)
    @given(st.binary(max_size=300))
    def test_garbage_has_no_tables(self, garbage: bytes) -> None:
        """Whatever its shape."""
        with pytest.raises(BadTables):
            read_tables(garbage, SIZE)


class TestMovie:
    @pytest.mark.parametrize(
        ("file", "why"),
        [
            (b"", "not found"),
            (box(b"ftyp") * 100, "not found"),
            (box(b"ftyp") + box(b"moof"), "fragmented"),
            (box(b"ftyp") + struct.pack(">I4sQ", 1, b"moov", 1 << 60), "not found"),
            (box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 4), "not found"),
        ],
    )
    async def test_is_found_in_a_few_reads_or_not_at_all(self, file: bytes, why: str) -> None:
        """Sizes that lie lead nowhere."""

        async def read(start: int, length: int) -> bytes:
            return file[start : start + length]

        with pytest.raises(BadTables, match=why):
            await read_movie(read, len(file))

    async def test_one_too_large_is_not_read(self) -> None:
        """Its size is told by its header."""

        async def read(start: int, length: int) -> bytes:
            assert length <= 16, start
            return struct.pack(">I4sQ", 1, b"moov", 1 << 30)

        with pytest.raises(BadTables, match="too large"):
            await read_movie(read, 1 << 40)

    async def test_a_plan_tells_why_a_picture_is_encoded(self) -> None:
        """And is otherwise as it was."""
        probe = facts(Fraction(20))
        plan = planned(probe)

        async def read(start: int, length: int) -> bytes:
            await asyncio.sleep(0)
            return b""

        changed, index = await consider(plan, probe, read, 1000, max_bits=1)
        assert index is None
        assert changed.video == plan.video
        assert changed.reasons[-1] == "The picture is encoded anew, because its index was not found."


class TestCoding:
    def test_reads_what_x264_writes(self) -> None:
        """High profile, 4:2:0, 8 bits, whole frames."""
        assert read_configuration(CONFIGURATION).codecs == "avc1.64001e"
        told = read_sequence(SEQUENCE)
        assert (told.profile, told.chroma, told.depth, told.progressive) == (100, 1, 8, True)

    @examples(300, a_second=100)
    @given(st.binary(max_size=60))
    def test_garbage_is_refused_by_name(self, garbage: bytes) -> None:
        """Or read as something, but never a crash."""
        for read in (read_configuration, lambda data: read_sequence(b"\x67d\0\x1e" + data)):
            with suppress(BadParameters):
                read(garbage)

    @pytest.mark.parametrize(
        ("sample", "anew"),
        [
            (b"\0\0\0\2\x09\xf0" + b"\0\0\0\3\x65ab", True),
            (b"\0\0\0\2\x09\xf0" + b"\0\0\0\3\x41ab", False),
            (b"\0\0\0\0\x65", True),
            (b"\0\0\0\0\x06\0", False),
            (b"\xff\xff\xff\xff\x06", False),
            (b"", False),
        ],
    )
    def test_an_idr_is_told_from_another_keyframe(self, sample: bytes, anew: bool) -> None:
        """By the first unit that holds a picture."""
        assert begins_anew(sample) is anew
