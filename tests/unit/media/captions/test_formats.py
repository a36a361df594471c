"""Files of every format, good and bad."""

import time
from contextlib import suppress

import pytest

from matinee.media.captions.model import BadCaptions, Cue
from matinee.media.captions.read import read_captions

MAX = 1 << 20
SRT = """1
00:00:01,000 --> 00:00:02,500
Hello <i>there</i>,
Ada & Bob.

2
00:01:00.5 --> 01:00:00,000 X1:10 Y1:20
{\\an8}Bye
"""
VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue { background: url(https://tracker.example/) }

REGION
id:fred

NOTE nothing

intro
00:01.000 --> 00:02.500 align:start line:10% region:fred onclick:x
<v Ada>Hello</v> <c.loud>there</c> &amp; all

01:00:00.000 --> 01:00:01.000
Bye
"""
ASS = """[Script Info]
; a comment: with a colon
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname
Style: Default,Arial

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown
Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\i1}Second{\\i0}, with a comma\\Nand a line
Dialogue: 0,0:00:01.00,0:00:02.50,Default,,0,0,0,,{\\an8\\b1}First < then
Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 100 0{\\p0}
"""
TTML = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="10000000" xml:lang="en">
  <head><styling><style xml:id="slanted" tts:fontStyle="italic"/></styling></head>
  <body begin="1s"><div>
    <p begin="00:00:00.000" end="00:00:01.500" style="slanted">Hello<br/>
      there &amp; <span tts:fontWeight="bold">all</span></p>
    <p begin="25f" dur="500ms">Frames</p>
    <p begin="20000000t" end="00:00:03:12">Ticks</p>
  </div></body>
</tt>
"""


def cues(text: str | bytes, **how) -> list[tuple[int, int, str, str]]:
    data = text.encode() if isinstance(text, str) else text
    return [(cue.start, cue.end, cue.text, cue.settings) for cue in read_captions(data, **how).cues]


def faults(text: str | bytes, **how) -> list[tuple[int, str]]:
    with pytest.raises(BadCaptions) as refusal:
        cues(text, **how)
    return [(fault.line, fault.sentence) for fault in refusal.value.faults]


class TestReading:
    def test_srt(self) -> None:
        """Times with comma or point, tags, a position at the top."""
        assert cues(SRT) == [
            (1000, 2500, "Hello <i>there</i>,\nAda &amp; Bob.", ""),
            (60_500, 3_600_000, "Bye", "line:0"),
        ]

    def test_webvtt(self) -> None:
        """Styles, regions, notes and unknown settings are dropped."""
        assert cues(VTT) == [
            (1000, 2500, "<v Ada>Hello</v> <c.loud>there</c> &amp; all", "align:start line:10%"),
            (3_600_000, 3_601_000, "Bye", ""),
        ]

    def test_ass(self) -> None:
        """By time, without comments and drawings, with emphasis and lines."""
        assert cues(ASS) == [
            (1000, 2500, "<b>First &lt; then</b>", "line:0"),
            (5000, 6000, "<i>Second</i>, with a comma\nand a line", ""),
        ]

    def test_ttml(self) -> None:
        """Clock times, frames and ticks count from the parent's begin; styles are found by name."""
        assert cues(TTML) == [
            (1000, 2500, "<i>Hello\nthere &amp; <b>all</b></i>", ""),
            (2000, 2500, "Frames", ""),
            (3000, 4480, "Ticks", ""),
        ]

    def test_ttml_with_times_on_spans(self) -> None:
        """Each is a cue of its own."""
        text = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p><span begin="1s" end="2s">a</span>'
        text += ' <span begin="2s" end="3s">b</span></p></div></body></tt>'
        assert cues(text) == [(1000, 2000, "a", ""), (2000, 3000, "b", "")]

    @pytest.mark.parametrize(("text", "form"), [(SRT, "srt"), (VTT, "vtt"), (ASS, "ass"), (TTML, "ttml")])
    def test_the_format_is_found_by_the_content(self, text: str, form: str) -> None:
        """And told."""
        assert read_captions(text.encode()).format == form

    def test_line_ends_of_any_system(self) -> None:
        """Windows, old Mac."""
        assert cues(SRT.replace("\n", "\r\n")) == cues(SRT)
        assert cues(VTT.replace("\n", "\r")) == cues(VTT)

    def test_what_shows_nothing_is_left_out(self) -> None:
        """Empty text, no time at all."""
        text = "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:03,000\na\n\n"
        text += "3\n00:00:04,0 --> 00:00:05,0\nb"
        assert cues(text) == [(4000, 5000, "b", "")]

    def test_data_for_programs_stays_as_it_is(self) -> None:
        """JSON in a metadata track."""
        text = 'WEBVTT\n\n00:01.000 --> 00:02.000\n{"a": "<b>&amp;"}\n'
        assert cues(text, for_programs=True) == [(1000, 2000, '{"a": "<b>&amp;"}', "")]


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_unicode_is_recognised(self, encoding: str) -> None:
        """With and without byte order mark."""
        text = "1\n00:00:01,000 --> 00:00:02,000\nGrüße\n"
        assert cues(text.encode(encoding)) == [(1000, 2000, "Grüße", "")]

    def test_anything_else_counts_as_western_and_is_told(self) -> None:
        """Its curly quotes too."""
        read = read_captions("1\n00:00:01,000 --> 00:00:02,000\nGrüße “Ada”\n".encode("cp1252"))
        assert (read.encoding, read.cues[0].text) == ("windows-1252", "Grüße “Ada”")

    def test_a_byte_that_even_that_leaves_out(self) -> None:
        """Latin-1 reads every byte."""
        read = read_captions(b"1\n00:00:01,000 --> 00:00:02,000\n\xe4\x81x\n")
        assert (read.encoding, read.cues[0].text) == ("iso-8859-1", "ä\x81x")

    def test_a_declared_encoding_is_believed(self) -> None:
        """Cyrillic, Japanese."""
        text = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
        assert cues(text.format("Привет").encode("cp1251"), charset="windows-1251")[0][2] == "Привет"
        assert cues(text.format("字幕").encode("shift_jis"), charset='"Shift_JIS"')[0][2] == "字幕"

    def test_a_byte_that_does_not_fit_it_is_told_with_its_line(self) -> None:
        """Not replaced."""
        data = b"1\n00:00:01,000 --> 00:00:02,000\nGr\xfc\xdfe\n"
        assert faults(data, charset="utf-8") == [(3, "This line is not valid utf-8.")]

    @pytest.mark.parametrize("charset", ["rot13", "zlib", "idna", "x" * 500])
    def test_other_codecs_are_refused(self, charset: str) -> None:
        """Python knows stranger ones than a file can have."""
        assert faults(SRT, charset=charset)[0][0] == 0


class TestFaults:
    def test_every_bad_line_of_srt_is_told(self) -> None:
        """In one answer."""
        text = (
            "1\n00:00:01,000 -> 00:00:02,000\na\n\n2\n00:00:09,000 --> 00:00:08,000\nb\n\n"
            "3\n-00:00:01,000 --> 00:00:02,000\nc\n\n4\n00:00:19werwer,580 --> 00:00:20,000\nd\n"
        )
        assert [line for line, _ in faults(text)] == [2, 6, 10, 14]

    def test_text_after_a_gap_is_told(self) -> None:
        """An empty line ends a cue."""
        assert faults("1\n00:00:01,000 --> 00:00:02,000\na\n\nlost\nlines\n")[0][0] == 5

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("WEBVTTX\n\n00:01.000 --> 00:02.000\na", 1),
            ("WEBVTT\n\n00:01.000 --> 00:02,000\na", 3),
            ("WEBVTT\n\nid\nnot a time\n", 4),
            ("WEBVTT\n\n00:02.000 --> 00:01.000\na", 3),
            ("WEBVTT\n\n00:01.000 --> 00:02.000\na\n00:02.000 --> 00:03.000\nb", 5),
            ("WEBVTT\n\n00:01.000 --> 00:61.000\na", 3),
        ],
    )
    def test_webvtt(self, text: str, line: int) -> None:
        """Signature, separators, missing times, backward times, glued cues."""
        assert [found for found, _ in faults(text, form="vtt")] == [line]

    @pytest.mark.parametrize(
        ("change", "line"),
        [
            (("Format: Layer, Start, End", "Format: Layer, Begin, End"), 10),
            (("0:00:05.00,0:00:06.00", "0:00:05.00,soon"), 12),
            (("0:00:05.00,0:00:06.00", "0:00:05.00,0:00:04.00"), 12),
            (("[Events]", "[Event]"), 0),
            (("Default,,0,0,0,,{\\i1}Second{\\i0}, with a comma\\Nand a line", "Default"), 12),
        ],
    )
    def test_ass(self, change: tuple[str, str], line: int) -> None:
        """Format line, times, section, missing fields."""
        assert [found for found, _ in faults(ASS.replace(*change))] == [line]

    @pytest.mark.parametrize(
        ("change", "line"),
        [
            (("</div>", "</dib>"), 10),
            (('begin="25f"', 'begin="noon"'), 8),
            (('begin="25f" dur="500ms"', 'begin="25f" end="1f"'), 8),
            (('begin="25f" dur="500ms"', 'begin="25f"'), 8),
            (('"http://www.w3.org/ns/ttml"', '"http://elsewhere.example/"'), 1),
        ],
    )
    def test_ttml(self, change: tuple[str, str], line: int) -> None:
        """Broken XML, no time, backward time, no end, another vocabulary."""
        assert [found for found, _ in faults(TTML.replace(*change))] == [line]

    def test_many_faults_are_cut_off(self) -> None:
        """An answer stays readable."""
        assert len(faults("x\n\n" * 1000)) == 20

    @pytest.mark.parametrize("text", ["", "\n\n", "WEBVTT\n", "WEBVTT\n\nNOTE nothing\n", "[Events]\n"])
    def test_a_file_without_cues_is_refused(self, text: str) -> None:
        """It would be a menu entry that shows nothing."""
        assert [line for line, _ in faults(text)] == [0]


class TestHostile:
    def test_document_types_are_refused(self) -> None:
        """So there are no entities, neither ones that grow nor ones that read files."""
        bomb = '<?xml version="1.0"?>\n<!DOCTYPE tt [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
        bomb += '<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="0s" end="1s">&a;</p></body></tt>'
        assert faults(bomb) == [(2, "A document type declaration is not accepted.")]

    def test_deep_nesting_is_refused(self) -> None:
        """At a bounded depth."""
        text = '<tt xmlns="http://www.w3.org/ns/ttml">' + "<div>" * 100_000
        assert "nested" in faults(text)[0][1]

    def test_a_million_cues_are_refused(self) -> None:
        """By the size of the file, before it is read."""
        assert "bytes" in faults(b"WEBVTT\n\n" + b"00:00.000 --> 00:01.000\na\n\n" * 1_000_000)[0][1]

    def test_cues_that_would_fill_every_segment_are_refused(self) -> None:
        """A few megabytes must not become gigabytes of segments."""
        text = "WEBVTT\n\n" + "00:00:00.000 --> 100:00:00.000\na\n\n" * 20_000
        assert "long cues" in faults(text)[0][1]

    @pytest.mark.parametrize(
        "text",
        [
            "<script>alert(1)</script>",
            '<img src=x onerror="alert(1)">',
            "<b onclick=alert(1)>x",
            "</b></script>",
            "<i><b></i>",
        ],
    )
    def test_only_known_tags_come_out(self, text: str) -> None:
        """Everything else is text."""
        [(_, _, words, _)] = cues(f"1\n00:00:01,000 --> 00:00:02,000\n{text} end\n")
        left = words
        for tag in ("<b>", "</b>", "<i>", "</i>"):
            left = left.replace(tag, "")
        assert "<" not in left
        assert words.count("<b>") == words.count("</b>")

    @pytest.mark.parametrize(
        "text", ["<" * MAX, "<" + "a" * MAX, "<a " * MAX, "{\\" * MAX, "&" * MAX, "\n" * MAX, "-->\n" * MAX]
    )
    def test_no_text_takes_long(self, text: str) -> None:
        """Patterns that go back over what they read would take hours for a megabyte."""
        for form in ("srt", "vtt", "ass", "ttml"):
            for head in ("1\n00:00:01,000 --> 00:00:02,000\n", "WEBVTT\n\n00:01.000 --> 00:02.000\n"):
                began = time.process_time()
                with suppress(BadCaptions):
                    read_captions((head + text)[: 2 * MAX].encode(), form=form)
                assert time.process_time() - began < 10

    def test_times_beyond_reason_are_refused(self) -> None:
        """They would overflow players."""
        assert faults("WEBVTT\n\n00:00.000 --> 9999:00:00.000\na")[0][0] == 3


def test_the_line_of_a_cue_is_kept() -> None:
    """For what is found wrong later."""
    assert read_captions(SRT.encode()).cues[1] == Cue(60_500, 3_600_000, "Bye", "line:0", 7)
