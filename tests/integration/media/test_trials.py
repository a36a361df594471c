"""Trials of real films: what is easy is told from what is hard, and nothing that goes wrong there matters."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from matinee.media.encode import DEFAULT_OPTIONS, encode_cells
from matinee.media.model import Plan
from matinee.media.plan import make_plan, titled
from matinee.media.probe import probe
from matinee.media.title import Fitted, fit
from matinee.media.trials import try_ladder

from .films import ffmpeg

X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "25", "-pix_fmt", "yuv420p"]
STILL = ["-f", "lavfi", "-i", "gradients=s=852x480:r=25:d=3:speed=0.00001:seed=3:c0=0x203040:c1=0xd0b080"]


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft colours that hardly move."""
    film = tmp_path_factory.mktemp("trials") / "easy.mp4"
    ffmpeg(*STILL, *X264, str(film))
    return film


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fine detail that changes all the time."""
    film = tmp_path_factory.mktemp("trials") / "hard.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=852x480:r=25:d=3", "-vf", "noise=alls=60:allf=t", *X264, str(film))
    return film


async def tried(film: Path) -> tuple[Plan, Fitted]:
    plan = make_plan(await probe(str(film)))
    return plan, fit(plan.video, await try_ladder(str(film), plan, options=DEFAULT_OPTIONS), plan.grid.rate)


class TestLadder:
    async def test_an_easy_film_has_cheaper_rungs(self, easy: Path, hard: Path) -> None:
        """And the sentence says so."""
        (plan, cheap), (_, dear) = await tried(easy), await tried(hard)
        assert len(cheap.rungs) <= len(dear.rungs) == len(plan.video)
        assert cheap.rungs[-1].max_bit_rate < 0.6 * dear.rungs[-1].max_bit_rate
        assert "takes at most" in cheap.reason
        assert "no cap is lowered" in dear.reason

    @pytest.mark.soak
    async def test_the_same_film_gets_the_same_ladder(self, easy: Path) -> None:
        """What trials show does not depend on when they are made."""
        assert await tried(easy) == await tried(easy)

    async def test_its_cells_go_on_from_those_that_are_there(self, easy: Path) -> None:
        """The init segment is the same with a lower cap and a higher CRF: cells of both ladders play together."""
        plan, fitted = await tried(easy)
        inits = []
        for made in (plan, titled(plan, fitted)):
            async with aclosing(encode_cells(str(easy), made, range(1))) as cells:
                inits.append({cell.rendition: cell.init async for cell in cells})
        assert inits[1].items() <= inits[0].items()


class TestNothingIsKnown:
    async def test_when_the_film_is_damaged(self, easy: Path, tmp_path: Path) -> None:
        """It raises nothing: whether the film can be played, its cells will tell."""
        plan = make_plan(await probe(str(easy)))
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(easy.read_bytes()[:2000])
        assert await try_ladder(str(broken), plan, options=DEFAULT_OPTIONS) == {}
