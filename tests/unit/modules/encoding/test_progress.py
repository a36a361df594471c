"""What the progress of an encoding says."""

from datetime import UTC, datetime, timedelta

import msgspec
from tests.unit.modules.encoding.plans import HIGH, LOW, plan

from matinee.media.speed import work_of
from matinee.modules.encoding.progress import StoredCells, announce, describe_progress
from matinee.modules.encoding.schemas import Encoding
from matinee.modules.encoding.speeds import Speed, Speeds

NOW = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)


def stored(name: str, cells: int, *, seconds_ago: float = 60) -> StoredCells:
    """A rendition of ten cells, of which so many are stored."""
    return StoredCells(name, cells, NOW - timedelta(seconds=seconds_ago) if cells else None)


def progress(*rows: StoredCells, playable: bool = False, failed: bool = False) -> Encoding:
    """The progress of a film with two rungs and sound."""
    return describe_progress(announce(plan(LOW, HIGH)), rows, playable=playable, failed=failed, now=NOW)


class TestDescribeProgress:
    def test_waits_for_the_probe_before_there_is_a_plan(self) -> None:
        """Nothing is known yet but that the file is being looked at."""
        encoding = describe_progress(None, [], playable=False, failed=False, now=NOW)
        assert (encoding.state, encoding.waiting_for, encoding.renditions) == ("waiting", "probe", [])

    def test_says_why_the_plan_is_as_it_is(self) -> None:
        """In the plan's own sentences; before there is one it says nothing."""
        film = msgspec.structs.replace(plan(LOW), reasons=("The file has no index.",))
        encoding = describe_progress(announce(film), [], playable=False, failed=False, now=NOW)
        assert encoding.notes == ["The file has no index."]
        assert describe_progress(None, [], playable=False, failed=False, now=NOW).notes == []

    def test_waits_for_the_first_picture(self) -> None:
        """With a plan and no cell of the lowest rung, the picture is what is missing."""
        encoding = progress(stored("v240", 0), stored("v480", 0), stored("audio", 2))
        assert (encoding.state, encoding.waiting_for) == ("running", "first_picture")

    def test_waits_for_the_first_sound(self) -> None:
        """With the picture begun, the sound is what is missing."""
        encoding = progress(stored("v240", 1), stored("v480", 0), stored("audio", 0))
        assert encoding.waiting_for == "first_sound"

    def test_fills_in_the_rest_once_playable(self) -> None:
        """A playable video waits for its remaining cells."""
        encoding = progress(stored("v240", 3), stored("v480", 0), stored("audio", 10), playable=True)
        assert (encoding.state, encoding.waiting_for) == ("running", "remaining_cells")

    def test_is_complete_with_every_cell(self) -> None:
        """All cells: 100 percent, nothing to wait for."""
        encoding = progress(stored("v240", 10), stored("v480", 10), stored("audio", 10), playable=True)
        assert (encoding.state, encoding.percent, encoding.seconds_left, encoding.waiting_for) == (
            "complete", 100.0, None, None,
        )  # fmt: skip

    def test_says_how_fast_a_rung_is_made_and_why_players_are_not_told_of_it(self) -> None:
        """What is stored whole is offered however slow it was to make."""
        film = plan(LOW, HIGH)
        known = Speeds((), [Speed(frozenset(), work_of(film, rung), True, 0.5) for rung in (LOW, HIGH)])
        rows = [stored("v240", 1), stored("v480", 9), stored("audio", 1)]
        begun = describe_progress(announce(film), rows, playable=True, failed=False, speeds=known, now=NOW).renditions
        assert [(rung.speed, rung.left_out is None) for rung in begun] == [(0.5, True), (0.5, False), (None, True)]
        rows[1] = stored("v480", 10)
        whole = describe_progress(announce(film), rows, playable=True, failed=False, speeds=known, now=NOW).renditions
        assert whole[1].left_out is None

    def test_rests_when_what_is_missing_waits_for_a_viewer(self) -> None:
        """On demand, or evicted: nothing is being made, and every quality can be watched."""
        rows = [stored("v240", 10), stored("v480", 1), stored("audio", 10)]
        film = announce(plan(LOW, HIGH))
        resting = describe_progress(film, rows, playable=True, failed=False, on_demand=True, now=NOW)
        assert (resting.state, resting.seconds_left, resting.waiting_for) == ("resting", None, None)
        gone = [rows[0], StoredCells("v480", 0, None, evicted=True), rows[2]]
        assert describe_progress(film, gone, playable=True, failed=False, now=NOW).state == "resting"
        begun = [stored("v240", 9), *rows[1:]]
        assert describe_progress(film, begun, playable=True, failed=False, on_demand=True, now=NOW).state == "running"

    def test_a_large_picture_counts_for_more(self) -> None:
        """The lowest rung alone, complete, is a small part of the work."""
        encoding = progress(stored("v240", 10), stored("v480", 0), stored("audio", 0))
        assert 15 < encoding.percent < 25

    def test_never_says_100_before_the_last_cell(self) -> None:
        """Percentages are rounded down."""
        film = plan(HIGH, sounds=(), cells=5000)
        rows = [StoredCells("v480", 4999, NOW - timedelta(seconds=60))]
        assert describe_progress(announce(film), rows, playable=True, failed=False, now=NOW).percent == 99.9

    def test_estimates_the_time_left_from_the_time_taken(self) -> None:
        """Half of everything took a minute: the other half takes one too."""
        encoding = progress(stored("v240", 5), stored("v480", 5), stored("audio", 5), playable=True)
        assert encoding.seconds_left == 60

    def test_does_not_estimate_from_a_moment(self) -> None:
        """The first second says nothing."""
        rows = [stored(name, 1, seconds_ago=1) for name in ("v240", "v480", "audio")]
        assert progress(*rows).seconds_left is None

    def test_a_given_up_encoding_has_failed(self) -> None:
        """It waits for nothing and will never end."""
        encoding = progress(stored("v240", 3), stored("v480", 0), stored("audio", 10), playable=True, failed=True)
        assert (encoding.state, encoding.seconds_left, encoding.waiting_for) == ("failed", None, None)

    def test_lists_renditions_as_planned(self) -> None:
        """Pictures from the smallest up, then sound, each with its own share."""
        encoding = progress(stored("audio", 4), stored("v240", 5), stored("v480", 0))
        listed = [(r.name, r.kind, r.width, r.frame_rate, r.cells_stored, r.percent) for r in encoding.renditions]
        assert listed == [
            ("v240", "video", 426, 25.0, 5, 50.0),
            ("v480", "video", 852, 25.0, 0, 0.0),
            ("audio", "audio", None, None, 4, 40.0),
        ]
