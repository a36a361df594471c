"""Pictures of a video of which no rung is stored: out of its file, by the source's own keyframes."""

from pathlib import Path

import httpx
import pytest
from tests.e2e.frame_film import RATE, make_frame_film
from tests.integration.conftest import Person, problem
from tests.integration.media.playing import with_copy
from tests.integration.modules.pictures.conftest import Film, Shoot, shown_frame, working

from matinee.bootstrap import Services
from matinee.common.config import Settings
from matinee.common.storage.port import NoSuchObjectError
from matinee.media import keys

SECONDS = 26


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Numbered frames."""
    return make_frame_film(tmp_path_factory.mktemp("copied") / "frames.mp4", seconds=SECONDS)


@pytest.fixture
async def film(source: Path, services: Services, shoot: Shoot, ada: Person) -> Film:
    """A film that opens with its own picture, and its file."""
    plan, index = await with_copy(source)
    assert plan.copied is not None
    assert index is not None
    film = await shoot(ada, stored={}, made_of=(plan, {rung.name: [] for rung in plan.video}))
    kind = "application/octet-stream"
    await services.storage.put(keys.copy_index_key(film.id, plan.recipe, plan.copied.name), index, kind)
    await services.storage.put(keys.source_key(film.id, 1), source.read_bytes(), "video/mp4")
    return film


def keyframe_at(film: Film, seconds: float) -> int:
    """The frame that stands for a moment: the last at which a copied cell begins."""
    copied = film.plan.copied
    assert copied is not None
    begins = [bound / copied.timescale for bound in copied.bounds()[:-1]]
    return round(RATE * max(begin for begin in begins if begin <= seconds + 0.5))


@pytest.mark.parametrize("time", [0.0, 4.0, 12.0, 25.0])
async def test_a_thumbnail_is_the_keyframe_before_its_moment(api: httpx.AsyncClient, film: Film, time: float) -> None:
    """At which the cell of the grid begins that the moment is in."""
    answer = await api.get(f"{film.url}/thumbnail.jpg?time={time}&width=320")
    grid = film.plan.grid
    cell = next(cell for cell in range(grid.cells) if grid.cell_start(cell + 1) > time)
    assert shown_frame(answer.content) == keyframe_at(film, float(grid.cell_start(cell)))


async def test_the_storyboard_has_a_tile_for_every_cell(
    api: httpx.AsyncClient, services: Services, settings: Settings, film: Film
) -> None:
    """Each the keyframe before it; some show the same, for keyframes are further apart than cells."""
    await film.enqueue_pictures()
    async with working(services, settings):
        pass
    board = (await api.get(f"{film.url}/storyboard.json")).json()
    sheet = (await api.get(board["sheets"][0])).content
    shown = []
    for tile in range(board["tiles"]):
        row, column = divmod(tile, board["columns"])
        left, top = column * board["tile_width"], row * board["tile_height"]
        shown.append(shown_frame(sheet, f"crop={board['tile_width']}:{board['tile_height']}:{left}:{top}"))
    grid = film.plan.grid
    assert shown == [keyframe_at(film, float(grid.cell_start(cell))) for cell in range(grid.cells)]
    assert len(set(shown)) > 1
    preview = (await api.get(f"{film.url}/preview.webp?v=1")).content
    assert b"ANIM" in preview[:64]


async def test_without_its_file_it_says_so(api: httpx.AsyncClient, services: Services, film: Film) -> None:
    """It may be about to be deleted."""
    await services.storage.delete_prefix(keys.source_prefix(film.id))
    with pytest.raises(NoSuchObjectError):
        await services.storage.size(keys.source_key(film.id, 1))
    problem(await api.get(f"{film.url}/thumbnail.jpg?time=0"), 503, "picture_not_ready")
