"""Every file of the list becomes what the list says, and docs/inputs.md says the same."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from matinee.media.encode import encode_cells
from matinee.media.faults import MediaFault
from matinee.media.model import Plan
from matinee.media.plan import make_plan
from matinee.media.probe import Probe, probe

from .films import RATE, brightness, counted_picture, ffmpeg, frame_numbers, samples, stream_facts
from .inputs.case import Case, Failed, Ready, Refused
from .inputs.listed import CASES
from .inputs.making import X264
from .inputs.page import PAGE, page
from .listening import onsets
from .playing import audio_cells, joined

A_FEW = 4  # cells; of longer films the first, the middle and the last are made

TAKEN = [case for case in CASES if not isinstance(case.outcome, Refused)]  # for the others see uploads/test_listed.py


# Two of three are for `make soak`, neighbours in the list differing by little; the first of each group never is.
FIRSTS = {case.group: case for case in reversed(TAKEN)}.values()
EACH = [
    pytest.param(
        case,
        id=f"{case.group}: {case.title!a}",
        marks=[] if index % 3 == 0 or case in FIRSTS else [pytest.mark.soak],
    )
    for index, case in enumerate(TAKEN)
]


class TestInputs:
    @pytest.mark.parametrize("case", EACH)
    async def test_it_becomes_what_the_list_says(self, tmp_path: Path, case: Case) -> None:
        """Refused with its code; or planned, made and decoded, with length, size and moments as they were."""
        source = tmp_path / case.file
        case.make(source)
        assert case.at_most is None or source.stat().st_size <= case.at_most
        if isinstance(case.outcome, Failed):
            with pytest.raises(MediaFault) as fault:
                make_plan(await looked_at(source))
            assert fault.value.code == case.outcome.code
            assert fault.value.sentence.endswith(".")
            return
        assert isinstance(case.outcome, Ready)
        plan = make_plan(await looked_at(source))
        _check_plan(plan, case.outcome)
        if plan.video:
            await _check_picture(source, plan, case.outcome, tmp_path)
        if plan.audio and plan.grid.cells <= A_FEW:
            heard = onsets(samples(joined(await audio_cells(source, plan), tmp_path / "sound.mp4")))
            assert heard == pytest.approx(case.outcome.beeps, abs=case.outcome.within + 1e-6)


async def looked_at(source: Path) -> Probe:
    data = source.read_bytes()

    async def read(start: int, length: int) -> bytes:
        return data[start : start + length]

    return await probe(str(source), read=read)


def _check_plan(plan: Plan, outcome: Ready) -> None:
    top = plan.video[-1] if plan.video else None
    assert (top and (top.width, top.height)) == outcome.size
    assert plan.reasons == outcome.said
    assert abs(plan.grid.duration - outcome.seconds) <= 1 / plan.grid.rate.fraction + 1e-6
    assert (plan.audio is None) == (outcome.beeps is None)


async def _check_picture(source: Path, plan: Plan, outcome: Ready, folder: Path) -> None:
    rung, cells = plan.video[0], plan.grid.cells
    places = range(cells) if cells <= A_FEW else (0, cells // 2, cells - 1)
    made = [
        cell
        for place in places
        async for cell in encode_cells(str(source), plan, range(place, place + 1), [rung.name])
    ]
    assert [cell.index for cell in made] == list(places)
    shown = [list(brightness(joined([cell], folder / "cell.mp4"))) for cell in made]
    assert [len(levels) for levels in shown] == [plan.grid.cell_frames(place) for place in places]
    if outcome.flashes is not None:
        bright = [level > 128 for levels in shown for level in levels]
        turns = [at for at in range(len(bright)) if bright[at] and not (at and bright[at - 1])]
        flashes = [float(at / plan.grid.rate.fraction) for at in turns]
        assert flashes == pytest.approx(outcome.flashes, abs=outcome.within + 1e-6)


class TestLargest:
    async def test_the_top_rung_of_8k_is_2160p(self, tmp_path: Path) -> None:
        """Two pictures of it, made and decoded: they have the size that the plan says, and show what they should."""
        source = tmp_path / "film.mp4"
        ffmpeg(*counted_picture(2, width=7680, height=4320), *X264, str(source))
        plan = make_plan(await looked_at(source))
        made = [cell async for cell in encode_cells(str(source), plan, range(1), ["v2160"])]
        shown = joined(made, tmp_path / "shown.mp4")
        assert stream_facts(shown, "width", "height", "nb_read_packets") == ["3840", "2160", "2"]
        assert plan.grid.duration == Fraction(2, RATE)
        assert frame_numbers(shown) == [0, 1]


class TestPage:
    def test_it_says_what_the_list_says(self) -> None:
        """`make inputs` writes docs/inputs.md anew."""
        assert PAGE.read_text() == page()

    def test_every_file_is_named_once(self) -> None:
        """Two rows of one name would be one row that nobody finds."""
        names = [(case.group, case.title) for case in CASES]
        assert len(set(names)) == len(names) >= 40
