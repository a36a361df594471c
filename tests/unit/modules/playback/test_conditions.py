import pytest
from hypothesis import given
from hypothesis import strategies as st

from matinee.common.errors import RangeNotSatisfiable
from matinee.modules.playback.conditions import counting_range, is_unchanged, requested_range

ETAG = '"abc"'


class TestIsUnchanged:
    @pytest.mark.parametrize("held", ['"abc"', 'W/"abc"', '"x", "abc"', " * ", '"x",W/"abc" '])
    def test_the_version_that_the_client_holds_is_unchanged(self, held: str) -> None:
        assert is_unchanged(held, ETAG)

    @pytest.mark.parametrize("held", [None, "", '"abcd"', "abc", '"x", "y"'])
    def test_any_other_version_is_not(self, held: str | None) -> None:
        assert not is_unchanged(held, ETAG)


class TestCountingRange:
    @pytest.mark.parametrize("if_range", [None, ETAG])
    def test_one_range_of_this_version_counts(self, if_range: str | None) -> None:
        assert counting_range(" bytes=2-5", if_range, ETAG) == "bytes=2-5"

    @pytest.mark.parametrize(
        ("header", "if_range"),
        [
            (None, None),
            ("bytes=0-1,3-4", None),
            ("lines=0-1", None),
            ("bytes=2-5", '"other"'),
            ("bytes=2-5", f"W/{ETAG}"),
        ],
    )
    def test_all_else_does_not(self, header: str | None, if_range: str | None) -> None:
        assert counting_range(header, if_range, ETAG) is None


class TestRequestedRange:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("bytes=0-0", range(1)),
            ("bytes=2-5", range(2, 6)),
            ("bytes=2-", range(2, 10)),
            ("bytes=-3", range(7, 10)),
            ("bytes=-99", range(10)),
            ("bytes=5-99", range(5, 10)),
            ("Bytes=9-9", range(9, 10)),
        ],
    )
    def test_one_range_is_read_and_cut_at_the_end(self, header: str, expected: range) -> None:
        assert requested_range(header, None, ETAG, 10) == expected

    @pytest.mark.parametrize(
        "header",
        [None, "", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "lines=0-1", "bytes=0-1,3-4", "bytes=1-2x"],
    )
    def test_what_is_no_single_range_gives_the_whole(self, header: str | None) -> None:
        assert requested_range(header, None, ETAG, 10) is None

    @pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"])
    def test_a_range_behind_the_end_cannot_be_satisfied(self, header: str) -> None:
        with pytest.raises(RangeNotSatisfiable) as refused:
            requested_range(header, None, ETAG, 10)
        assert refused.value.headers() == {"Content-Range": "bytes */10"}

    def test_if_range_with_the_same_version_keeps_the_range(self) -> None:
        assert requested_range("bytes=0-1", ETAG, ETAG, 10) == range(2)

    @pytest.mark.parametrize("held", ['"other"', 'W/"abc"', "Wed, 21 Oct 2015 07:28:00 GMT"])
    def test_if_range_with_another_version_gives_the_whole(self, held: str) -> None:
        assert requested_range("bytes=0-1", held, ETAG, 10) is None

    @given(st.text(max_size=40), st.integers(0, 100))
    def test_no_header_leads_outside_the_file(self, header: str, size: int) -> None:
        try:
            found = requested_range(f"bytes={header}", None, ETAG, size)
        except RangeNotSatisfiable:
            return
        assert found is None or 0 <= found.start < found.stop <= size
