"""What ffprobe says of a film's text, as facts; and the command that reads it."""

import msgspec
from tests.unit.media.plans import plan

from matinee.media.text_streams import ChapterMark, TextStream, read_text, text_argv

HEADER = {
    "streams": [
        {"index": 2, "codec_name": "subrip", "tags": {"language": "ger", "title": " Deutsch\n\x00(kurz) "}},
        {"index": 3, "codec_name": "hdmv_pgs_subtitle", "tags": {"language": "eng"}},
        {"index": 4, "codec_name": "ass", "disposition": {"hearing_impaired": 1, "forced": 1, "default": 1}},
        {"index": 5, "codec_name": "mov_text", "tags": {"language": "not a language"}},
    ],
    "chapters": [
        {"start_time": "30.500000", "tags": {"title": "The storm"}},
        {"start_time": "1.000000"},
        {"start_time": "99.0", "tags": {"title": "behind the end"}},
    ],
}


class TestReadText:
    def test_streams_that_are_text(self) -> None:
        """Not pictures of text; with the language in two letters and a title on one line."""
        assert read_text(HEADER, plan(60)).streams == (
            TextStream(2, "srt", "de", "Deutsch (kurz)", for_the_deaf=False, forced=False),
            TextStream(4, "ass", "und", "", for_the_deaf=True, forced=True),
            TextStream(5, "srt", "und", "", for_the_deaf=False, forced=False),
        )

    def test_chapters_are_in_order_and_on_the_grid(self) -> None:
        """Seconds count from the grid's start, wherever the film's clock begins."""
        made = plan(60)
        later = msgspec.structs.replace(made, source=msgspec.structs.replace(made.source, start_time=(3, 2)))
        assert read_text(HEADER, later).chapters == (ChapterMark(0.0, ""), ChapterMark(29.0, "The storm"))

    def test_a_film_without_any(self) -> None:
        """Most."""
        found = read_text({}, plan(60))
        assert (found.streams, found.chapters) == ((), ())


def test_one_command_reads_all_streams() -> None:
    """A film is read through once, guarded like everywhere."""
    streams = read_text(HEADER, plan(60)).streams
    argv = text_argv(
        "ffmpeg", "http://127.0.0.1:1/x", plan(60), streams, ["pipe:3", "pipe:4", "pipe:5"], max_pixels=1
    )
    assert [argv[place + 1] for place, word in enumerate(argv) if word == "-map"] == ["0:2", "0:4", "0:5"]
    assert argv[argv.index("-format_whitelist") + 1] == "mov"
    assert argv.count("-i") == 1
