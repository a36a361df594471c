"""A look at an MP4 whose ends are seen while its header is read says what a look in turn says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from matinee.media import probe as module
from matinee.media.probe import probe

from .films import ffmpeg
from .playing import reader

Film = Callable[[str], Path]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The ends that were looked at, as they are."""
    seen: list[object] = []
    real = module._packets

    async def noted(*arguments: object, **named: object) -> object:
        seen.append(arguments[3])
        return await real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_packets", noted)
    return seen


class TestEarlyLook:
    @pytest.mark.parametrize("place", ["first", "last"])
    async def test_says_the_same_in_one_look(
        self, film: Film, tmp_path: Path, looks: list[object], place: str
    ) -> None:
        """Wherever the index stands."""
        source = tmp_path / "film.mp4"
        flags = ["-movflags", "+faststart"] if place == "first" else []
        ffmpeg("-i", str(film("h264.mp4")), "-c", "copy", *flags, str(source))
        in_turn = await probe(str(source))
        looks.clear()
        assert await probe(str(source), read=reader(source)) == in_turn
        assert len(looks) == 1

    async def test_a_header_that_lies_is_found_out(self, film: Film, tmp_path: Path, looks: list[object]) -> None:
        """A movie that calls itself ten times as long as its tracks is looked at again where they end."""
        data = bytearray(film("h264.mp4").read_bytes())
        at = data.index(b"mvhd") + 4 + 4 + 8 + 4
        data[at : at + 4] = (10 * int.from_bytes(data[at : at + 4])).to_bytes(4)
        source = tmp_path / "film.mp4"
        source.write_bytes(data)
        assert await probe(str(source), read=reader(source)) == await probe(str(source))
        assert len(looks) == 3

    async def test_more_sounds_want_a_longer_look(self, film: Film, tmp_path: Path, looks: list[object]) -> None:
        """Sixteen lie side by side, and the first packets of each are wanted."""
        source = tmp_path / "film.mp4"
        ffmpeg("-i", str(film("h264.mp4")), "-map", "0:v", *["-map", "0:a"] * 3, "-c", "copy", str(source))
        in_turn = await probe(str(source))
        looks.clear()
        assert await probe(str(source), read=reader(source)) == in_turn
        assert len(looks) == 2
