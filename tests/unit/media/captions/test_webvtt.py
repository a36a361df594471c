"""What is written is read the same, and the segments together are the whole."""

import re
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.unit.media.plans import NTSC, plan

from matinee.media.captions.markup import clean, plain
from matinee.media.captions.model import SEGMENT_SECONDS, BadCaptions, Cue, Faults, in_order
from matinee.media.captions.read import read_captions, read_stored
from matinee.media.captions.vtt import TIMESTAMP_MAP, cut_vtt, parse_vtt, write_vtt
from matinee.media.timeline import segments_of_text

HOUR = 3_600_000
PIECES = st.sampled_from(
    ["<b>", "</b>", "<i>", "</i>", "<v Ada>", "</v>", "<", ">", "&", "&lt;", "&#10;", "-->", "\n", "\r", "ä", "a"]
)
WORDS = st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join))
SETTINGS = st.sampled_from(["", "line:0", "align:start position:10%", "vertical:rl"])


@st.composite
def written_cues(draw: st.DrawFn) -> list[Cue]:
    made = []
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, 3 * HOUR))
        length = draw(st.integers(1, 10 * 60_000))
        made.append(Cue(start, start + length, clean(draw(WORDS)) or "a", draw(SETTINGS)))
    return in_order(made)


def without_lines(cues: list[Cue]) -> list[Cue]:
    return [Cue(cue.start, cue.end, cue.text, cue.settings) for cue in cues]


class TestText:
    @given(WORDS)
    def test_cleaning_twice_changes_nothing(self, text: str) -> None:
        """What is stored can be read and written again."""
        assert clean(clean(text)) == clean(text)

    @given(WORDS)
    def test_clean_text_is_safe_in_a_file(self, text: str) -> None:
        """It neither ends its cue nor begins another, and has no tags but WebVTT's."""
        made = clean(text)
        assert "-->" not in made
        assert "\n\n" not in made
        assert not re.sub(r"</?(?:[bicu]|v|lang|ruby|rt)(?:\.[\w-]+)*(?: [^<>]*)?>|<[\d:.]+>", "", made).count("<")

    def test_titles_are_plain(self) -> None:
        """On one line."""
        assert plain("The <b>first</b>\n&amp; last") == "The first & last"


class TestRoundTrip:
    @given(written_cues())
    def test_written_cues_are_read_the_same(self, cues: list[Cue]) -> None:
        """Text, times and settings."""
        assert without_lines(read_captions(write_vtt(cues).encode(), form="vtt").cues) == without_lines(cues)

    @given(written_cues())
    def test_srt_made_of_them_says_the_same(self, cues: list[Cue]) -> None:
        """But for the settings, which SRT does not have."""

        def time(at: int) -> str:
            return f"{at // HOUR:02}:{at // 60_000 % 60:02}:{at // 1000 % 60:02},{at % 1000:03}"

        blocks = [f"{n}\n{time(c.start)} --> {time(c.end)}\n{c.text}\n\n" for n, c in enumerate(cues, 1)]
        read = read_captions("".join(blocks).encode(), form="srt").cues
        assert [(c.start, c.end, c.text) for c in read] == [(c.start, c.end, c.text) for c in cues]

    @given(st.text(max_size=200))
    @examples(300, a_second=100)
    def test_whatever_a_file_holds_it_is_read_or_refused(self, text: str) -> None:
        """In any format: no other error than the one that names lines."""
        for form in ("srt", "vtt", "ass", "ttml"):
            for head in (
                "",
                "WEBVTT\n\n",
                "[Events]\nFormat: Start, End, Text\nDialogue: ",
                "<tt xmlns='http://www.w3.org/ns/ttml'>",
            ):
                with suppress(BadCaptions):
                    read_captions((head + text).encode("utf-8", "surrogatepass"), form=form)

    @given(written_cues())
    def test_stored_cues_are_read_without_cleaning_them_again(self, cues: list[Cue]) -> None:
        """And come out the same."""
        assert without_lines(read_stored(write_vtt(cues).encode())) == without_lines(cues)


class TestSegments:
    @given(written_cues())
    def test_each_cue_stands_in_each_segment_that_it_touches(self, cues: list[Cue]) -> None:
        """With its own times, and in no other."""
        bounds = segments_of_text(plan(2 * 3600, rate=NTSC), SEGMENT_SECONDS)
        cut = [without_lines(parse_vtt(text, Faults())) for text in cut_vtt(cues, bounds)]
        assert len(cut) == len(bounds) - 1
        for index, found in enumerate(cut):
            start, end = bounds[index] / 1000, bounds[index + 1] / 1000
            assert found == without_lines([cue for cue in cues if cue.start < end and cue.end > start])

    def test_each_says_where_its_clock_starts(self) -> None:
        """Where the grid does: at timestamp 0."""
        [only] = cut_vtt([Cue(0, 1000, "a")], [0, 4_000_000])
        assert only == "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:00.000 --> 00:00:01.000\na\n\n"
        assert TIMESTAMP_MAP in only

    def test_a_segment_without_cues_is_a_file_all_the_same(self) -> None:
        """Players want one for every entry."""
        assert cut_vtt([], [0, 4_000_000]) == [f"WEBVTT\n{TIMESTAMP_MAP}\n\n"]

    def test_segments_are_whole_cells(self) -> None:
        """Fifteen of four seconds, and what is left."""
        made = plan(150)
        assert segments_of_text(made, SEGMENT_SECONDS) == [0, 60_000_000, 120_000_000, 150_000_000]
        assert segments_of_text(plan(3), SEGMENT_SECONDS) == [0, 3_000_000]
