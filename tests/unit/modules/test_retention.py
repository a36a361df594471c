"""What may be evicted, and what that would save."""

from datetime import UTC, datetime, timedelta

from matinee.modules.retention.rules import KeepChoice, KeepPolicy, StoredRendition, evictable, saved_bytes

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SERVER = KeepPolicy("eager", 30)


def rendition(name: str, used_days_ago: float | None = 1, size: int = 100) -> StoredRendition:
    """A rendition that was of use so many days ago."""
    used = None if used_days_ago is None else NOW - timedelta(days=used_days_ago)
    return StoredRendition(name, "audio" if name == "audio" else "video", 4, 4, size, None, used)


class TestEvictable:
    def test_the_lowest_rung_and_the_sound_stay(self) -> None:
        """Seeking, pictures and a start at once rest on them."""
        names = ["v240", "v360", "v720", "audio"]
        loose = evictable([rendition(name) for name in names], seekable=True)
        assert [known.name for known in loose] == ["v360", "v720"]

    def test_sound_alone_stays(self) -> None:
        """It is all there is."""
        assert evictable([rendition("audio")], seekable=True) == []

    def test_a_source_that_cannot_be_entered_keeps_all(self) -> None:
        """One missing cell would cost the whole film."""
        assert evictable([rendition("v240"), rendition("v360")], seekable=False) == []


class TestSavedBytes:
    def test_counts_what_was_of_no_use_for_longer(self) -> None:
        """Not what was used within the time, and not what is not stored."""
        renditions = [rendition("a", 8, 1), rendition("b", 6, 10), rendition("c", None, 0)]
        assert saved_bytes(renditions, 7, NOW) == 1


class TestChoice:
    def test_what_is_not_chosen_is_the_servers(self) -> None:
        """Zero is a choice: for ever."""
        assert KeepChoice(None, None).over(SERVER) == SERVER
        assert KeepChoice("on_demand", 0).over(SERVER) == KeepPolicy("on_demand", 0)
