"""What is offered, by how fast it is made."""

import msgspec
from tests.unit.modules.encoding.plans import HIGH, LOW, plan

from matinee.media.model import Plan, Rate, VideoRendition
from matinee.media.speed import Work, work_of
from matinee.modules.encoding.speeds import Speed, Speeds

ANY, BIG = frozenset[str](), frozenset({"big"})
TOP = VideoRendition("v720", 1280, 720, 23, 2_600_000, 2_600_000, "high", "3.1", "avc1.64001f")
AV1 = msgspec.structs.replace(HIGH, name="v480-av1", codec="av1")
FILM = msgspec.structs.replace(plan(LOW, HIGH, TOP), alternatives=(AV1,))
NO_NEEDS = {rung.name: ANY for rung in FILM.pictures}


def speed(rung: VideoRendition, times: float, labels: frozenset[str] = ANY, film: Plan = FILM) -> Speed:
    """How fast a kind makes a rung."""
    return Speed(labels, work_of(film, rung), slow=times < 1, times=times)


def left_out(*known: Speed, kinds: tuple[frozenset[str], ...] = (ANY,), **stored: int) -> list[str]:
    """What players are not told of."""
    return sorted(Speeds(kinds, known).left_out(FILM, stored, NO_NEEDS))


class TestWhatIsLeftOut:
    def test_nothing_before_anything_is_measured(self) -> None:
        """Else nothing would ever be made, and measured."""
        assert left_out() == []

    def test_what_is_made_more_slowly_than_it_lasts(self) -> None:
        """What is made faster stays."""
        assert left_out(speed(TOP, 0.8), speed(HIGH, 1.5)) == ["v720"]

    def test_not_once_all_of_it_is_stored(self) -> None:
        """Then nobody waits for a worker; until the last of its cells is there, somebody does."""
        assert left_out(speed(TOP, 0.8), v720=9) == ["v720"]
        assert left_out(speed(TOP, 0.8), v720=10) == []

    def test_never_the_lowest_rung(self) -> None:
        """However slow: without it there is nothing to play."""
        assert left_out(speed(LOW, 0.1), speed(HIGH, 0.1)) == ["v480", "v720"]

    def test_larger_pictures_than_what_is_too_slow(self) -> None:
        """More pixels of the same encoder are no faster; of another encoder it says nothing."""
        assert left_out(speed(HIGH, 0.8)) == ["v480", "v720"]
        assert left_out(speed(AV1, 0.8)) == ["v480-av1"]

    def test_a_measure_of_its_own_goes_before_what_follows_from_others(self) -> None:
        """The smaller one may have been made in a bad hour."""
        assert left_out(speed(HIGH, 0.8), speed(TOP, 1.2)) == ["v480"]

    def test_not_where_a_living_kind_of_worker_is_fast_enough(self) -> None:
        """When that kind goes, the others' speed decides."""
        slow, fast = speed(TOP, 0.5), speed(TOP, 3.0, BIG)
        assert left_out(slow, fast, kinds=(ANY, BIG)) == []
        assert left_out(slow, fast, kinds=(ANY,)) == ["v720"]

    def test_not_where_nothing_is_known_of_a_living_kind(self) -> None:
        """It may be fast."""
        assert left_out(speed(TOP, 0.5), kinds=(ANY, BIG)) == []

    def test_not_by_a_kind_that_does_not_make_it(self) -> None:
        """The others' speed decides where it needs a label that the fast ones lack."""
        speeds = Speeds((ANY, BIG), [speed(TOP, 3.0), speed(TOP, 0.5, BIG)])
        needs = {**NO_NEEDS, "v720": BIG}
        assert speeds.left_out(FILM, {}, needs) == {"v720"}

    def test_by_those_that_lived_where_no_worker_lives(self) -> None:
        """A restart of the only worker changes no manifest."""
        assert left_out(speed(TOP, 0.5), kinds=()) == ["v720"]


class TestVerdicts:
    def test_are_the_same_as_long_as_decisions_are(self) -> None:
        """Documents are kept by them: figures waver with every cell."""
        once, again = Speeds((ANY,), [speed(TOP, 0.8)]), Speeds((ANY,), [speed(TOP, 0.7)])
        assert once.verdicts == again.verdicts
        assert once.verdicts != Speeds((ANY,), [speed(TOP, 1.2)]).verdicts
        assert once.verdicts != Speeds((ANY, BIG), [speed(TOP, 0.8)]).verdicts


class TestSentence:
    def test_tells_the_speed_or_why_there_is_none(self) -> None:
        """Of what was measured, and of what follows from it."""
        known = Speeds((ANY,), [speed(HIGH, 0.81)])
        measured, implied = (known.too_slow(work_of(FILM, rung), ANY) for rung in (HIGH, TOP))
        assert measured is not None
        assert implied is not None
        assert measured.sentence.startswith(
            "It is made at 0.81 times real time, too slowly to be watched meanwhile: "
        )
        assert implied.sentence.startswith("Smaller pictures already take longer to make than they last: ")


class TestWork:
    def test_sizes_are_told_apart_by_pixels(self) -> None:
        """Whichever way up, and whatever the shape."""
        upright = msgspec.structs.replace(TOP, width=720, height=1280)
        wide = msgspec.structs.replace(TOP, width=1920, height=804)
        assert [work_of(FILM, rung).side for rung in (LOW, HIGH, TOP, upright, wide)] == [240, 480, 720, 720, 1080]

    def test_rates_are_told_apart(self) -> None:
        """Up to 30 frames a second, and up to 60."""
        rates = [Rate(25, 1), Rate(30_000, 1001), Rate(30, 1), Rate(50, 1), Rate(60, 1)]
        films = [msgspec.structs.replace(FILM, grid=msgspec.structs.replace(FILM.grid, rate=rate)) for rate in rates]
        assert [work_of(film, TOP).rate for film in films] == [30, 30, 30, 60, 60]

    def test_is_no_less_only_where_nothing_of_it_is_less(self) -> None:
        """A larger picture of a smaller source may be faster, and so may another encoder."""
        less = Work("libx264", 480, 30, 1080)
        assert Work("libx264", 720, 30, 1080).is_no_less_than(less)
        assert not Work("libx264", 720, 30, 720).is_no_less_than(less)
        assert not Work("libx265", 720, 30, 1080).is_no_less_than(less)
