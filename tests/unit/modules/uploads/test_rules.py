"""How a file is cut into parts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.common.storage.port import Part
from matinee.modules.uploads.rules import (
    MIB,
    MOST_PARTS,
    PartPlan,
    choose_part_size,
    count_intact,
    describe_numbers,
    missing_parts,
    settle_parts,
)


def part(number: int, size: int, etag: str = "etag", second: int = 0) -> Part:
    """A part that came at a second of a minute."""
    return Part(number, size, etag, datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC))


class TestPartSize:
    @given(st.integers(1, 5 * 1024**4))
    def test_the_parts_suffice_and_add_up(self, filesize: int) -> None:
        """Up to S3's largest object: 10,000 parts at most, of at least 5 MiB but the last."""
        plan = PartPlan(filesize, choose_part_size(filesize))
        assert plan.count <= MOST_PARTS
        assert plan.part_size >= 5 * MIB
        assert plan.part_size * (plan.count - 1) + plan.size(plan.count) == filesize
        assert 0 < plan.size(plan.count) <= plan.part_size


class TestMissing:
    def test_every_number_that_is_not_stored_is_named(self) -> None:
        """In order."""
        assert missing_parts(PartPlan(50, 10), [part(2, 10), part(4, 10)]) == [1, 3, 5]


class TestSentAgain:
    PLAN = PartPlan(30, 10)

    def settled(self, *listed: Part, **claimed: str) -> list[str]:
        """The ETags of the parts that count."""
        claims = {int(name.removeprefix("part")): etag for name, etag in claimed.items()}
        return [part.etag for part in settle_parts(self.PLAN, listed, claims)]

    def test_the_last_one_counts(self) -> None:
        """In whatever order they are listed."""
        assert self.settled(part(1, 10, "new", 5), part(1, 10, "old", 3), part(2, 10, "two")) == ["new", "two"]

    def test_the_right_size_counts_whatever_the_time(self) -> None:
        """The storage's clock tells whole seconds only."""
        assert self.settled(part(1, 10, "whole", 5), part(1, 9, "torn", 5)) == ["whole"]
        assert self.settled(part(1, 9, "torn", 5)) == ["torn"]

    def test_the_one_that_the_client_names_counts(self) -> None:
        """It knows what it sent."""
        listed = part(1, 10, "a", 5), part(1, 10, "b", 5)
        assert self.settled(*listed, part1="a") == ["a"]
        assert self.settled(*listed, part1="b") == ["b"]

    def test_what_cannot_be_told_apart_does_not_count(self) -> None:
        """It will be sent again; the same content twice is one."""
        assert self.settled(part(1, 10, "a", 5), part(1, 10, "b", 5)) == []
        assert self.settled(part(1, 10, "a", 5), part(1, 10, "a", 5)) == ["a"]


@pytest.mark.parametrize(("count", "text"), [(2, "1, 2"), (25, "1, 2, 3 and 22 more")])
def test_a_long_list_is_cut_short(count: int, text: str) -> None:
    """A sentence stays readable."""
    assert describe_numbers(list(range(1, count + 1)), most=3) == text


class TestIntact:
    @pytest.mark.parametrize(
        ("etags", "count"), [(["a", "b"], 2), (["a", "x"], 1), (["x", "b"], 0), (["a", "b", "c"], 2), ([], 0)]
    )
    def test_parts_count_up_to_the_first_that_is_another(self, etags: list[str], count: int) -> None:
        """Or is not there; one that was sent again may be listed beside what counts."""
        assert count_intact(etags, [part(1, 5, "a"), part(1, 5, "z"), part(2, 5, "b")]) == count
