"""Where trials are made, and how; without FFmpeg."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from matinee.media.ladder import CRF, ladder
from matinee.media.model import Plan
from matinee.media.title import STEPS
from matinee.media.trials import FRAMES, SHARES, read_trials, trial_argv, trial_entries, tried_as, worth_trying

from .plans import THIRTY, plan

SAID = "".join(f"[libvmaf@t{place} @ 0x5] VMAF score: {90 - place}.5\n" for place in range(len(STEPS) + 1))
LINES = "#tb 0: 1/25\n0, 0, 0, 1, 1000, 0x1\n0, 1, 1, 1, 100, 0x2, F=0x0\n0, 2, 2, 1, 300, 0x3\n"


def film(seconds: int = 600, size: tuple[int, int] = (1920, 1080), **changes: object) -> Plan:
    made = plan(seconds, size=size)
    facts = {"width": size[0], "height": size[1], "video_stream": 0, "video_end": (seconds, 1), **changes}
    return replace(made, source=replace(made.source, **facts))


def command(plan: Plan, entry: Fraction | None = None) -> list[str]:
    outputs = [f"pipe:{9 + place}" for place in range(len(STEPS) + 1)]
    tried = tried_as(plan.video[0])
    return trial_argv("ffmpeg", "/film.mp4", plan, tried, outputs, entry=entry, max_pixels=10**7)


def values(argv: list[str], flag: str) -> list[str]:
    return [argv[place + 1] for place, argument in enumerate(argv) if argument == flag]


class TestPlaces:
    def test_they_lie_all_over_the_film(self) -> None:
        """Neither its titles nor its credits are all that is seen, and the first few are far apart."""
        entries = [entry for entry in trial_entries(film()) if entry is not None]
        assert len(entries) == len(SHARES)
        assert min(entries) < 60
        assert max(entries[:3]) - min(entries[:3]) > 300

    def test_a_short_film_has_few(self) -> None:
        """Places close to each other would show the same; the beginning is always there."""
        assert trial_entries(film(1)) == [None]
        assert trial_entries(film(5)) == [None, Fraction(25, 12)]

    @pytest.mark.parametrize(
        "unfit",
        [
            film(seekable=False),
            film(hdr=True),
            film(size=(320, 180)),
            replace(film(), video=tuple(replace(rung, encoder="h264_nvenc") for rung in film().video)),
            replace(film(), video=tuple(replace(rung, states_cap=True) for rung in film().video)),
        ],
        ids=["without an index", "HDR", "one rung", "a GPU's", "planned by a former recipe"],
    )
    def test_some_films_have_none(self, unfit: Plan) -> None:
        """What cannot be entered or changed, is changed before it is encoded, or has nothing to choose from."""
        assert trial_entries(unfit) == []
        assert not worth_trying(unfit)

    def test_short_films_are_not_worth_it(self) -> None:
        """To try the ladder would cost more than to make it; nor is it tried twice."""
        assert worth_trying(film(300))
        assert not worth_trying(film(299))
        assert not worth_trying(replace(film(300), titled=True))


class TestCommand:
    def test_it_opens_what_the_plan_names(self) -> None:
        """The same guards as for cells: the one demuxer, the one protocol, the same limit of pixels."""
        argv = command(film(), Fraction(100))
        for flag, value in (
            ("-format_whitelist", "mov"),
            ("-protocol_whitelist", "file"),
            ("-max_pixels", "10000000"),
        ):
            assert values(argv, flag) == [value]
        assert argv.count("-i") == 1
        assert f"trim=end_frame={FRAMES}" in values(argv, "-filter_complex")[0]

    def test_it_encodes_as_cells_are_encoded_and_as_the_yardstick(self) -> None:
        """The rung's own settings with each CRF; last those of x264, which the rung is measured by."""
        argv = command(film())
        assert values(argv, "-crf") == [*(str(CRF + step) for step in STEPS), str(CRF)]
        assert values(argv, "-preset") == ["faster"] * len(STEPS) + ["veryfast"]
        assert values(argv, "-dec") == [f"{place}:0" for place in range(len(STEPS) + 1)]

    def test_portrait_is_compared_as_it_stands(self) -> None:
        """At no more than 1080 across, and with even sides."""
        assert "scale=1080:1920" in values(command(film(size=(2160, 3840))), "-filter_complex")[1]
        assert "scale=480:852" in values(command(film(size=(479, 852))), "-filter_complex")[1]


class TestReading:
    def test_trials_are_what_was_said_and_written(self) -> None:
        """Scores by their number, in whatever order; bits, of which the first frame's are the keyframe's."""
        backwards = "".join(reversed(SAID.splitlines(keepends=True)))
        trials = read_trials(backwards, [LINES] * (len(STEPS) + 1))
        assert [trial.vmaf for trial in trials] == [90.5 - number for number in range(len(STEPS) + 1)]
        assert (trials[0].key, trials[0].rest) == (8000, 1600)

    @pytest.mark.parametrize("lines", ["", "#tb 0: 1/25\n", "0, 0, 0, 1, 1000, 0x1\n"])
    def test_one_frame_tells_nothing(self, lines: str) -> None:
        """What was cut off is not taken for an easy picture."""
        with pytest.raises(ValueError, match="too few"):
            read_trials(SAID, [lines] * (len(STEPS) + 1))

    def test_without_a_score_it_tells_nothing(self) -> None:
        """However many frames there are."""
        with pytest.raises(ValueError, match="too few"):
            read_trials(SAID.splitlines()[0], [LINES] * (len(STEPS) + 1))


def test_the_usual_ladder_is_what_every_film_can_have() -> None:
    """A plan without trials has all rungs, each with the settings of its size."""
    rungs = ladder(1920, 1080, THIRTY)
    assert [rung.preset for rung in rungs] == ["faster", "faster", "veryfast", "veryfast", "veryfast"]
    assert all("rc-lookahead" in rung.params for rung in rungs)
