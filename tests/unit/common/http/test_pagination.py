"""Cursors: opaque text that names a place in a list."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from matinee.common.http.pagination import Cursor, InvalidCursor, decode_cursor, encode_cursor

PLACE = Cursor(datetime(2026, 1, 2, 3, 4, 5, 678901, UTC), UUID(int=7))


class TestCursor:
    @given(st.datetimes(timezones=st.just(UTC)), st.uuids())
    def test_it_comes_back_as_it_was(self, created_at: datetime, video_id: UUID) -> None:
        """To the microsecond: rows are compared with it."""
        cursor = Cursor(created_at, video_id)
        assert decode_cursor(encode_cursor(cursor)) == cursor

    def test_it_fits_into_an_address_as_it_is(self) -> None:
        """Nothing in it needs to be escaped; it fits its documented length by far."""
        text = encode_cursor(PLACE)
        assert text.replace("-", "").replace("_", "").isalnum()
        assert len(text) < 100

    def test_none_is_the_first_page(self) -> None:
        """There is no place before it."""
        assert decode_cursor(UNSET) is None

    @pytest.mark.parametrize(
        "text", ["", "x", "!!", "AAAA", "é", "\x00", "=" * 50, "a" * 200, encode_cursor(PLACE)[:-3]]
    )
    def test_any_other_text_is_refused(self, text: str) -> None:
        """With the parameter's name."""
        with pytest.raises(InvalidCursor) as refused:
            decode_cursor(text)
        assert [fault.path for fault in refused.value.faults] == ["query.cursor"]

    @given(st.text(max_size=200))
    def test_no_text_breaks_it(self, text: str) -> None:
        """It is a place or it is refused."""
        try:
            place = decode_cursor(text)
        except InvalidCursor:
            return
        assert place is not None
        assert place.created_at.tzinfo is not None

    @pytest.mark.parametrize("created_at", [datetime(2026, 1, 1), "2026-01-01T00:00:00"])
    def test_a_time_without_a_zone_is_refused(self, created_at: object) -> None:
        """PostgreSQL could not compare it."""
        raw = msgspec.msgpack.encode([created_at, UUID(int=1)])
        with pytest.raises(InvalidCursor):
            decode_cursor(base64.urlsafe_b64encode(raw).decode())

    def test_another_zone_is_the_same_place(self) -> None:
        """A moment is a moment."""
        elsewhere = Cursor(PLACE.created_at.astimezone(timezone(timedelta(hours=5))), PLACE.id)
        decoded = decode_cursor(encode_cursor(elsewhere))
        assert decoded is not None
        assert decoded.created_at == PLACE.created_at
