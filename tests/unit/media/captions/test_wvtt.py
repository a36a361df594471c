"""WebVTT in MP4, read by a parser that others wrote: at each moment it shows what the cues say."""

from hypothesis import given
from tests.integration.media.reading import child, kinds, parsed, sizes, span
from tests.unit.media.captions.test_webvtt import written_cues

from matinee.media.captions import wvtt
from matinee.media.captions.model import Cue
from matinee.media.captions.wvtt import cut_wvtt, init_segment

BOUNDS = [0, 60_000_000, 120_000_000, 150_000_000]


def read_cues(sample: bytes) -> list[tuple[str, str]]:
    """Settings and text of each cue in a sample."""
    boxes = parsed(sample)
    if kinds(boxes) == ["vtte"]:
        return []
    assert set(kinds(boxes)) == {"vttc"}
    cues = []
    for cue in boxes:
        parts = parsed(cue.data[8:])
        assert kinds(parts) in (["vsid", "payl"], ["vsid", "sttg", "payl"])
        inner = {part.kind: part.data[8:].decode() for part in parts[1:]}
        cues.append((inner.get("sttg", ""), inner["payl"]))
    return cues


def shown(segment: bytes) -> list[tuple[int, int, list[tuple[str, str]]]]:
    """What a segment shows from when to when, in microseconds."""
    styp, moof, mdat = parsed(segment)
    assert (styp.kind, kinds(moof.children), mdat.kind) == ("styp", ["mfhd", "traf"], "mdat")
    trun = child(moof, "traf", "trun")
    assert trun.data_offset == len(moof.data) + 8
    assert sum(sizes(moof)) == len(mdat.data) - 8
    found, time, at = [], span(moof)[0], 8
    for sample in trun.sample_info:
        cues = read_cues(mdat.data[at : at + sample.sample_size])
        found.append((time, time + sample.sample_duration, cues))
        time += sample.sample_duration
        at += sample.sample_size
    return found


class TestInit:
    def test_is_a_cmaf_header_of_a_text_track(self) -> None:
        """As tracks of picture and sound have it, with a clock of microseconds."""
        ftyp, moov = parsed(init_segment())
        assert (ftyp.major_brand, ftyp.compatible_brands) == (b"iso6", [b"iso6", b"cmfc", b"cwvt"])
        assert kinds(moov.children) == ["mvhd", "trak", "mvex"]
        media = child(moov, "trak", "mdia")
        assert (child(media, "mdhd").timescale, child(media, "hdlr").handler_type) == (1_000_000, b"text")
        assert kinds(child(media, "minf").children) == ["nmhd", "dinf", "stbl"]
        [entry] = child(media, "minf", "stbl", "stsd").entries
        assert entry.format == b"wvtt"
        assert child(moov, "mvex", "trex").default_sample_description_index == 1


class TestSegments:
    def test_a_sample_lasts_from_one_change_to_the_next(self) -> None:
        """Cues that overlap stand side by side meanwhile; a cue over an edge stands on both sides of it."""
        cues = [Cue(1000, 3000, "Once <i>more</i>"), Cue(2000, 61_000, "Sea", "line:0"), Cue(2000, 3000, "Sea")]
        once, sea, same = ("", "Once <i>more</i>"), ("line:0", "Sea"), ("", "Sea")
        first, second, third = map(shown, cut_wvtt(cues, BOUNDS))
        assert first == [
            (0, 1_000_000, []),
            (1_000_000, 2_000_000, [once]),
            (2_000_000, 3_000_000, [once, sea, same]),
            (3_000_000, 60_000_000, [sea]),
        ]
        assert second == [(60_000_000, 61_000_000, [sea]), (61_000_000, 120_000_000, [])]
        assert third == [(120_000_000, 150_000_000, [])]

    @given(written_cues())
    def test_each_cue_is_shown_when_its_times_say_so(self, cues: list[Cue]) -> None:
        """And the samples of all segments join, from the first bound to the last."""
        bounds = [seconds * 1_000_000 + 33_366 for seconds in (0, 1200, 3600, 3660, 7200, 10_800, 12_000)]
        segments = [shown(segment) for segment in cut_wvtt(cues, bounds)]
        assert [segment[0][0] for segment in segments] == bounds[:-1]
        samples = [sample for segment in segments for sample in segment]
        ends = [end for _, end, _ in samples]
        assert [start for start, _, _ in samples] == [bounds[0], *ends[:-1]]
        assert ends[-1] == bounds[-1]
        for start, end, texts in samples:
            live = [cue for cue in cues if cue.start * 1000 < end and cue.end * 1000 > start]
            assert sorted(texts) == sorted((cue.settings, cue.text) for cue in live)

    def test_the_parts_of_a_cue_say_that_they_are_one(self) -> None:
        """By its line in the file; when its words begin within it is not said, for a sample has another start."""
        cues = [Cue(1000, 61_000, "Good <00:02.000>night", line=7), Cue(2000, 3000, "Sea", line=11)]
        data = b"".join(cut_wvtt(cues, BOUNDS))
        assert data.count(b"vsid\0\0\0\x07") == 4
        assert data.count(b"vsid\0\0\0\x0b") == 1
        assert data.count(b"Good night") == 4

    def test_a_minute_may_take_what_those_before_it_left(self) -> None:
        """A song at the end of a film has more text than the talk before it."""
        bounds = [minute * 60_000_000 for minute in range(101)]
        song = [Cue(99 * 60_000 + number, 100 * 60_000, "la " * 100) for number in range(200)]
        texts = [len(cues) for _, _, cues in shown(cut_wvtt(song, bounds)[-1])]
        assert texts == [*range(1, 201)]

    def test_a_hostile_track_takes_no_more_than_a_track_may(self) -> None:
        """Four thousand cues of a minute, each begun a moment later, would be eight millions in one segment."""
        cues = [Cue(number, 60_000, "x" * 400) for number in range(4_000)]
        segments = cut_wvtt(cues, BOUNDS)
        assert sum(map(len, segments)) < wvtt.MOST_BYTES
        texts = [len(cues) for _, _, cues in shown(segments[0])]
        assert texts[:100] == list(range(1, 101))
        assert texts[-1] == 0
