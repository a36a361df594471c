"""Which video had a file first."""

from uuid import UUID, uuid4

from matinee.modules.integrity.repository import ShownRow
from matinee.modules.integrity.rules import find_firsts
from matinee.modules.videos.rules import Status


def shown(status: Status = "READY", *, replaces: UUID | None = None, known: UUID | None = None) -> ShownRow:
    return ShownRow(uuid4(), status, replaces, known)


class TestFindFirsts:
    def test_all_have_it_of_the_oldest(self) -> None:
        """Also the third."""
        first, second, third = shown(), shown(), shown()
        assert find_firsts([first, second, third]) == {second.id: first.id, third.id: first.id}

    def test_what_has_failed_is_nobodys_first(self) -> None:
        """Nobody is sent to what cannot be played."""
        assert find_firsts([shown("FAILED"), shown()]) == {}

    def test_a_replacement_is_no_duplicate_of_what_it_replaces(self) -> None:
        """Nor anybody's first: it is in no list."""
        film = shown()
        assert find_firsts([film, shown(replaces=film.id)]) == {}
        assert find_firsts([shown(replaces=film.id), shown()]) == {}

    def test_what_is_known_stays(self) -> None:
        """Also where the first one is another by now."""
        assert find_firsts([shown(), shown(known=uuid4())]) == {}
