"""Input becomes typed, or every fault of it is named."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta

from matinee.common.validation import Fault, InvalidInput, convert


class Point(msgspec.Struct, forbid_unknown_fields=True):
    """A place."""

    x: Annotated[int, Meta(ge=0)]
    y: Annotated[int, Meta(ge=0)] = 0


class Drawing(msgspec.Struct, forbid_unknown_fields=True):
    """Places, one of them marked."""

    name: Annotated[str, Meta(min_length=1)]
    points: list[Point]
    mark: Point | None = None
    folder: Path = Path()
    renamed: int = msgspec.field(default=0, name="from")


class Visit(msgspec.Struct):
    """From when to when."""

    began: datetime
    ended: Annotated[datetime, Meta(tz=True)] | msgspec.UnsetType = msgspec.UNSET


def faults(raw: Any, *, strict: bool = True) -> dict[str, str]:
    """Path → message of everything that is wrong with a drawing."""
    with pytest.raises(InvalidInput) as refused:
        convert(raw, Drawing, strict=strict)
    return {fault.path: fault.message for fault in refused.value.faults}


class TestConvert:
    def test_what_fits_becomes_the_type(self) -> None:
        """Nested Structs, defaults and paths included."""
        drawing = convert({"name": "a", "points": [{"x": 1}], "folder": "/srv"}, Drawing)
        assert drawing == Drawing("a", [Point(1, 0)], folder=Path("/srv"))

    def test_every_fault_is_named(self) -> None:
        """Wrong, missing and unknown fields at once, also inside lists and optional Structs."""
        raw = {
            "name": "",
            "points": [{"x": 1}, {"x": -1, "z": 0}, {"y": "1"}],
            "mark": {"x": "no"},
            "from": "1",
            "q": 1,
        }
        assert set(faults(raw)) == {
            "name", "points[1].x", "points[1].z", "points[2].x", "points[2].y", "mark.x", "from", "q",
        }  # fmt: skip

    def test_a_fault_is_a_sentence(self) -> None:
        """For people to read."""
        assert faults({"name": "a", "points": [], "q": 1}) == {"q": "There is no such field."}
        assert faults({"points": []}) == {"name": "This field is required."}
        assert faults({"name": 1, "points": []}) == {"name": "Expected `str`, got `int`."}

    @pytest.mark.parametrize("raw", [None, [], "text", 1, True])
    def test_a_whole_of_another_kind_has_one_fault_without_a_path(self, raw: Any) -> None:
        """There is no field to name."""
        assert set(faults(raw)) == {""}

    def test_a_list_in_place_of_a_struct_is_named(self) -> None:
        """By the field that it stands in."""
        assert set(faults({"name": "a", "points": [], "mark": []})) == {"mark"}

    def test_an_explicit_null_is_not_a_missing_field(self) -> None:
        """It is a wrong one, unless the field is optional."""
        assert set(faults({"name": None, "points": None, "mark": None})) == {"name", "points"}

    @pytest.mark.parametrize("stamp", ["0.5", "1767225600", ""])
    def test_a_number_is_no_point_in_time(self, stamp: str) -> None:
        """Also where numbers are read from text."""
        with pytest.raises(InvalidInput, match=r"began: .*RFC3339.*; ended: .*RFC3339"):
            convert({"began": stamp, "ended": stamp}, Visit, strict=False)

    def test_a_point_in_time_is_by_utc(self) -> None:
        """Whatever its offset; at the ends of time it is that of UTC."""
        visit = convert({"began": "2026-01-01T00:00:00+23:59"}, Visit, strict=False)
        assert visit == Visit(began=datetime(2025, 12, 31, 0, 1, tzinfo=UTC))
        assert visit.began.tzinfo is UTC
        last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
        assert convert({"began": "9999-12-31T23:59:00-01:00"}, Visit, strict=False).began == last

    def test_numbers_are_read_from_text_only_where_it_is_asked_for(self) -> None:
        """Query parameters and variables are text; JSON knows numbers."""
        assert convert({"x": "7"}, Point, strict=False).x == 7
        assert convert({"x": 7}, Point).x == 7
        with pytest.raises(InvalidInput):
            convert({"x": "7"}, Point)

    def test_the_exception_says_it_all(self) -> None:
        """In one line, for logs."""
        with pytest.raises(InvalidInput, match=r"x: .*; z: There is no such field\."):
            convert({"x": "no", "z": 1}, Point)

    def test_a_plain_type_can_be_converted_too(self) -> None:
        """A path parameter has no field."""
        assert convert("7", Annotated[int, Meta(ge=0)], strict=False) == 7  # type: ignore[arg-type]
        with pytest.raises(InvalidInput) as refused:
            convert("-7", Annotated[int, Meta(ge=0)], strict=False)  # type: ignore[arg-type]
        assert refused.value.faults == [Fault("", "Expected `int` >= 0.")]
