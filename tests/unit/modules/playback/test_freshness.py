from matinee.modules.playback.freshness import Recent


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class TestRecent:
    def test_a_value_holds_for_its_lifetime_from_when_it_was_read(self) -> None:
        clock = Clock()
        recent: Recent[str] = Recent(lifetime=1.0, clock=clock)
        read_at = recent.now()
        clock.now += 0.5  # the reading took that long
        recent.keep("a", "value", read_at)
        clock.now += 0.4
        assert recent.get("a") == "value"
        clock.now += 0.1
        assert recent.get("a") is None

    def test_the_newer_value_replaces_the_older(self) -> None:
        recent: Recent[str] = Recent(clock=Clock())
        recent.keep("a", "old", 100.0)
        recent.keep("a", "new", 100.0)
        assert recent.get("a") == "new"

    def test_the_oldest_are_dropped_beyond_the_limit(self) -> None:
        recent: Recent[int] = Recent(limit=2, clock=Clock())
        for key in (1, 2, 3):
            recent.keep(key, key, 100.0)
        assert [recent.get(key) for key in (1, 2, 3)] == [None, 2, 3]
