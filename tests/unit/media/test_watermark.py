"""Where a watermark lies, and how FFmpeg is told."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from matinee.media.clips import film_cell, trim
from matinee.media.model import CopiedRendition, Plan, Position, Watermark
from matinee.media.stored_plans import decode_plan
from matinee.media.video_argv import cells_argv
from matinee.media.watermark import Place, marked, place

from .plans import plan, sound

MARK = Watermark(
    version="0" * 32, width=400, height=200, position="bottom-right", opacity=0.5, scale=0.2, margin=0.02
)


def at(position: Position, **changes: object) -> Place:
    return place(msgspec.structs.replace(MARK, position=position, **changes), 1920, 1080)


def conforming() -> Plan:
    copied = CopiedRendition("v1080-source", 1920, 1080, "avc1.640028", 5_000_000, 4_000_000, 30_000, 15, 1, b"\x01")
    film = plan(60, audio=sound())
    return msgspec.structs.replace(film, video=film.video[:-1], copied=copied)


def command(film: Plan, mark: int | None = 9) -> list[str]:
    outputs = [f"pipe:{20 + number}" for number in range(len(film.video))]
    return cells_argv(
        "ffmpeg", "/film.mp4", film, range(1), film.video, outputs, entry=None, mark=mark, max_pixels=10**8
    )


class TestPlace:
    @pytest.mark.parametrize(
        ("position", "x", "y"),
        [
            ("top-left", 38, 38), ("top", 768, 38), ("top-right", 1498, 38),
            ("left", 38, 444), ("center", 768, 444), ("right", 1498, 444),
            ("bottom-left", 38, 850), ("bottom", 768, 850), ("bottom-right", 1498, 850),
        ],
    )  # fmt: skip
    def test_each_anchor_keeps_the_margin(self, position: Position, x: int, y: int) -> None:
        """From the edges that it names; in the middle of the others."""
        assert at(position) == Place(x, y, 384, 192)

    def test_every_rung_has_it_at_the_same_place(self) -> None:
        """To two pixels, of 4:2:0."""
        whole = place(MARK, 1920, 1080)
        for rung in plan(60).video:
            spot, share = place(MARK, rung.width, rung.height), Fraction(rung.width, 1920)
            assert [spot.x, spot.y] == pytest.approx([whole.x * share, whole.y * share], abs=3)
            assert [spot.width, spot.height] == pytest.approx([whole.width * share, whole.height * share], abs=2)

    @pytest.mark.parametrize(("width", "height"), [(1920, 1080), (240, 426), (2, 2), (64, 16)])
    @pytest.mark.parametrize("scale", [0.01, 0.3, 1.0])
    @pytest.mark.parametrize("margin", [0.0, 0.1, 0.5])
    @pytest.mark.parametrize("shape", [(1024, 3), (3, 1024), (1, 1)])
    def test_it_never_leaves_the_picture(
        self, width: int, height: int, scale: float, margin: float, shape: tuple[int, int]
    ) -> None:
        """However long or large it is; and its numbers are even."""
        mark = msgspec.structs.replace(MARK, scale=scale, margin=margin, width=shape[0], height=shape[1])
        for position in ("top-left", "center", "bottom-right"):
            spot = place(msgspec.structs.replace(mark, position=position), width, height)
            assert min(spot.x, spot.y) >= 0
            assert spot.x + spot.width <= width
            assert spot.y + spot.height <= height
            assert not any(number % 2 for number in msgspec.structs.astuple(spot))


class TestCommand:
    def test_it_is_laid_over_each_rung_after_scaling(self) -> None:
        """One decode of the image, one overlay a rung."""
        film = marked(plan(60), MARK)
        argv = command(film)
        graph = argv[argv.index("-filter_complex") + 1]
        assert graph.count("overlay=") == len(film.video)
        assert "[p0][m0]overlay=x=332:y=188:format=yuv420:eof_action=repeat[v0]" in graph
        assert "colorchannelmixer=aa=0.500" in graph
        for number, rung in enumerate(film.video):
            assert f"[s{number}]scale={rung.width}:{rung.height}" in graph

    def test_the_image_is_read_from_memory_by_one_demuxer(self) -> None:
        """Nothing else may open it, and it can name no file."""
        argv = command(marked(plan(60), MARK))
        second = argv[argv.index("-i") + 2 :]
        assert second[: second.index("-i") + 2] == [
            "-protocol_whitelist", "fd", "-format_whitelist", "png_pipe", "-f", "png_pipe", "-threads", "1",
            "-fd", "9", "-i", "fd:",
        ]  # fmt: skip

    def test_without_one_the_command_is_as_it_was(self) -> None:
        """So are the bytes of every cell that is stored."""
        argv = command(plan(60), mark=None)
        assert argv.count("-i") == 1
        assert "overlay" not in " ".join(argv)

    @pytest.mark.parametrize(("film", "mark"), [(plan(60), 9), (marked(plan(60), MARK), None)])
    def test_image_and_plan_belong_together(self, film: Plan, mark: int | None) -> None:
        """A cell without the mark that it should have is not made."""
        with pytest.raises(ValueError, match="watermark"):
            command(film, mark)


class TestPlan:
    def test_nothing_is_copied(self) -> None:
        """The size that was copied is encoded, and the notes say why."""
        film = marked(conforming(), MARK)
        assert (film.copied, film.replaced) == (None, None)
        assert [rung.name for rung in film.video][-1] == "v1080"
        assert "none is copied" in film.reasons[-1]

    def test_the_size_that_was_copied_is_what_its_place_was_kept_for(self) -> None:
        """The rung that the plan would have had without the copy, as it was fitted."""
        kept = msgspec.structs.replace(plan(60).video[-1], crf=31)
        assert marked(msgspec.structs.replace(conforming(), replaced=kept), MARK).video[-1] == kept

    def test_another_one_takes_its_place_and_none_leaves_no_trace(self) -> None:
        """What is said of it is said once."""
        first = marked(plan(60), MARK)
        second = marked(first, msgspec.structs.replace(MARK, opacity=1.0))
        assert len(second.reasons) == len(first.reasons)
        assert marked(second, None) == plan(60)

    def test_the_same_one_changes_nothing(self) -> None:
        """Also of a film that was trimmed since: nothing is made anew."""
        film = trim(marked(plan(60), MARK), range(300, 900))
        assert marked(film, MARK) == film

    def test_a_film_without_a_picture_goes_without(self) -> None:
        """There is nothing to lay it over."""
        film = plan(60, size=None, audio=sound())
        assert marked(film, MARK) == film

    def test_cells_with_and_without_are_not_taken_for_each_other(self) -> None:
        """Though all else is the same."""
        film = plan(60)
        assert film_cell(film, film, "v240", 1) == 1
        assert film_cell(film, marked(film, MARK), "v240", 1) is None

    def test_a_plan_of_before_has_none(self) -> None:
        """As it was stored by the version before."""
        stored = msgspec.to_builtins(plan(60))
        del stored["watermark"], stored["trimmed"]
        assert decode_plan(msgspec.json.encode(stored).decode()) == plan(60)
