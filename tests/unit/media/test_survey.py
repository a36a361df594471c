"""Where a survey looks, and how; without FFmpeg."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from matinee.media.ladder import ladder
from matinee.media.model import Plan
from matinee.media.survey import FRAMES, SHARES, read_cost, survey_argv, survey_entries

from .plans import THIRTY, plan


def film(seconds: int = 600, size: tuple[int, int] = (1920, 1080), **changes: object) -> Plan:
    made = plan(seconds, size=size)
    facts = {"width": size[0], "height": size[1], "video_stream": 0, "video_end": (seconds, 1), **changes}
    return replace(made, source=replace(made.source, **facts))


def command(plan: Plan, entry: Fraction | None) -> list[str]:
    return survey_argv("ffmpeg", "/film.mp4", plan, ["pipe:9", "pipe:10"], entry=entry, max_pixels=10**7)


class TestPlaces:
    def test_they_lie_all_over_the_film(self) -> None:
        """Neither its titles nor its credits are all that is seen, and the first few are far apart."""
        entries = [entry for entry in survey_entries(film()) if entry is not None]
        assert len(entries) == len(SHARES)
        assert min(entries) < 60
        assert max(entries) > 540
        assert max(entries[:3]) - min(entries[:3]) > 300

    def test_a_short_film_has_few(self) -> None:
        """Places close to each other would show the same; the beginning is always there."""
        assert survey_entries(film(1)) == [None]
        assert survey_entries(film(5)) == [None, Fraction(25, 12)]

    @pytest.mark.parametrize(
        "unfit",
        [
            film(seekable=False),
            film(hdr=True),
            film(size=(320, 180)),
            film(size=(1920, 240)),
        ],
        ids=["without an index", "HDR", "one rung", "flat"],
    )
    def test_some_films_have_none(self, unfit: Plan) -> None:
        """What cannot be entered, is changed before it is encoded, or has nothing to choose from."""
        assert survey_entries(unfit) == []


class TestCommand:
    def test_it_opens_what_the_plan_names(self) -> None:
        """The same guards as for cells: the one demuxer, the one protocol, the same limit of pixels."""
        argv = survey_argv(
            "ffmpeg", "/film.mp4", film(), ["pipe:9", "pipe:10"], entry=Fraction(100), max_pixels=10**7
        )
        for flag, value in (
            ("-format_whitelist", "mov"),
            ("-protocol_whitelist", "file"),
            ("-max_pixels", "10000000"),
        ):
            assert argv[argv.index(flag) + 1] == value
        assert argv.count("-i") == 1
        assert f"trim=end_frame={FRAMES}" in argv[argv.index("-filter_complex") + 1]

    def test_portrait_is_looked_at_as_it_stands(self) -> None:
        """The shorter side is the width, and both pictures have even sides."""
        argv = survey_argv(
            "ffmpeg", "/f", film(size=(1080, 1920)), ["pipe:9", "pipe:10"], entry=None, max_pixels=10**7
        )
        graph = argv[argv.index("-filter_complex") + 1]
        assert "scale=270:480" in graph
        assert "crop=360:640" in graph


class TestCost:
    def test_it_is_read_from_the_list_of_packets(self) -> None:
        """The first size is the keyframe's, the mean of the others is the rest's."""
        lines = "#tb 0: 1/25\n0, 0, 0, 1, 1000, 0x1\n0, 1, 1, 1, 100, 0x2, F=0x0\n0, 2, 2, 1, 300, 0x3\n"
        cost = read_cost(lines, 8000)
        assert (cost.key, cost.rest) == (1.0, 0.2)

    @pytest.mark.parametrize("lines", ["", "#tb 0: 1/25\n", "0, 0, 0, 1, 1000, 0x1\n"])
    def test_one_frame_tells_nothing(self, lines: str) -> None:
        """What was cut off is not taken for an easy picture."""
        with pytest.raises(ValueError, match="too few"):
            read_cost(lines, 8000)


def test_the_usual_ladder_is_what_every_film_can_have() -> None:
    """A plan without a survey has all rungs, each with the settings of its size."""
    rungs = ladder(1920, 1080, THIRTY)
    assert [rung.preset for rung in rungs] == ["faster", "faster", "veryfast", "veryfast", "veryfast"]
    assert all("rc-lookahead" in rung.params for rung in rungs)
