"""A survey of real films: what is easy is told from what is hard, and nothing that goes wrong there matters."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from matinee.media.encode import encode_cells
from matinee.media.plan import make_plan
from matinee.media.probe import probe
from matinee.media.survey import survey

from .films import ffmpeg

LONG = 60.0  # seconds: the machine may be busy, and it is not asked how fast it is
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "25", "-pix_fmt", "yuv420p"]
STILL = ["-f", "lavfi", "-i", "gradients=s=1280x720:r=25:d=5:speed=0.00001:seed=3"]


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Soft colours that hardly move."""
    film = tmp_path_factory.mktemp("survey") / "easy.mp4"
    ffmpeg(*STILL, *X264, str(film))
    return film


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same under heavy grain."""
    film = tmp_path_factory.mktemp("survey") / "hard.mp4"
    ffmpeg(*STILL, "-vf", "noise=alls=40:allf=t", *X264, str(film))
    return film


class TestLadder:
    async def test_an_easy_film_has_fewer_and_cheaper_rungs(self, easy: Path, hard: Path) -> None:
        """And each plan says what kind of picture it is for."""
        plans = []
        for film in (easy, hard):
            facts = await probe(str(film))
            draft = make_plan(facts)
            seen = await survey(str(film), draft, patience=LONG)
            assert seen is not None
            plans.append(make_plan(facts, seen))
        cheap, dear = plans
        assert len(cheap.video) < len(dear.video) == len(draft.video)
        assert cheap.video[-1].max_bit_rate < 0.6 * dear.video[-1].max_bit_rate
        assert any("nobody would miss v" in reason for reason in cheap.reasons)
        assert any("no cap is lowered" in reason for reason in dear.reasons)

    async def test_the_same_film_gets_the_same_ladder(self, easy: Path) -> None:
        """What a survey sees does not depend on when it looks."""
        draft = make_plan(await probe(str(easy)))
        first, again = [await survey(str(easy), draft, patience=LONG) for _ in range(2)]
        assert first is not None
        assert again is not None
        key = str
        assert sorted(first.places, key=key) == sorted(again.places, key=key)

    async def test_its_cells_repeat_their_bytes(self, easy: Path) -> None:
        """With the settings that a ladder brings along, made twice, alone or beside others."""
        facts = await probe(str(easy))
        plan = make_plan(facts, await survey(str(easy), make_plan(facts), patience=LONG))
        lowest = plan.video[0].name
        made = []
        for names in (None, [lowest]):
            async with aclosing(encode_cells(str(easy), plan, range(1), names)) as cells:
                made.append({cell.rendition: cell.init + cell.data async for cell in cells})
        assert made[0][lowest] == made[1][lowest]


class TestNothingIsKnown:
    async def test_when_it_is_not_told_in_time(self, easy: Path) -> None:
        """What takes longer than people should wait is given up."""
        draft = make_plan(await probe(str(easy)))
        assert await survey(str(easy), draft, patience=0.001) is None

    async def test_when_it_is_not_asked(self, easy: Path) -> None:
        """No patience at all means that every film has the usual ladder."""
        draft = make_plan(await probe(str(easy)))
        assert await survey(str(easy), draft, patience=0.0) is None

    async def test_when_the_film_is_damaged(self, easy: Path, tmp_path: Path) -> None:
        """It raises nothing: whether the film can be played, its cells will tell."""
        draft = make_plan(await probe(str(easy)))
        broken = tmp_path / "broken.mp4"
        broken.write_bytes(easy.read_bytes()[:2000])
        assert await survey(str(broken), draft, patience=LONG) is None
