"""What fits into a quota."""

import pytest

from matinee.modules.quotas.rules import Quota, Stored, readable, refuse_file, refuse_length

HALF_FULL = Stored(bytes=500, seconds=1800.0, videos=3)


class TestRefuseFile:
    @pytest.mark.parametrize("quota", [Quota(), Quota(bytes=1000), Quota(minutes=60), Quota(bytes=1000, minutes=31)])
    def test_what_fits_is_taken(self, quota: Quota) -> None:
        """To the last byte."""
        assert refuse_file(quota, HALF_FULL, 500) is None

    def test_a_byte_too_many_is_refused(self) -> None:
        """Says what it has, what is free, and what to do."""
        said = refuse_file(Quota(bytes=1000), HALF_FULL, 501)
        assert said is not None
        assert said.startswith("The file has 501 bytes; of your quota of 1.0 kB 500 bytes are free. Delete ")

    def test_nothing_is_free_of_a_quota_that_was_lowered(self) -> None:
        """And not less than nothing."""
        said = refuse_file(Quota(bytes=100), HALF_FULL, 1)
        assert said is not None
        assert "0 bytes are free" in said

    def test_none_is_taken_when_the_minutes_are_used_up(self) -> None:
        """How long a file is is not known before it is looked at."""
        said = refuse_file(Quota(minutes=30), HALF_FULL, 1)
        assert said is not None
        assert said.startswith("Your quota of 30 minutes is used up.")


class TestRefuseLength:
    @pytest.mark.parametrize("quota", [Quota(), Quota(bytes=1), Quota(minutes=60)])
    def test_what_fits_is_taken(self, quota: Quota) -> None:
        """Bytes are no matter of length."""
        assert refuse_length(quota, HALF_FULL, 1800.0) is None

    def test_a_second_too_many_is_refused(self) -> None:
        """Says how long it is and how much is free."""
        said = refuse_length(Quota(minutes=60), HALF_FULL, 1801.0)
        assert said is not None
        assert said.startswith("The video lasts 30.0 minutes; of the quota of 60 minutes 30.0 are free.")

    def test_a_full_quota_is_called_so(self) -> None:
        """Whatever the length."""
        said = refuse_length(Quota(minutes=10), HALF_FULL, 0.5)
        assert said is not None
        assert said.startswith("Your quota of 10 minutes is used up.")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (2_100_000_000, "2.1 GB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes_are_readable(size: int, text: str) -> None:
    """In the unit that gives the shortest number."""
    assert readable(size) == text
