"""How long a cell took."""

from types import SimpleNamespace

import pytest

from matinee.media import stopwatch
from matinee.media.cells import Effort
from matinee.media.stopwatch import Stopwatch


class TestStopwatch:
    def test_counts_from_the_last_start_without_the_time_that_the_process_was_held(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who is held does not encode."""
        now, held = 100.0, 7.0
        monkeypatch.setattr(stopwatch, "time", SimpleNamespace(monotonic=lambda: now))
        watch = Stopwatch(lambda: held)
        now, held = 110.0, 10.0
        assert watch.read() == Effort(7.0, alone=True)
        watch.start()
        now = 112.0
        assert watch.read() == Effort(2.0, alone=True)

    def test_counts_the_share_of_one_of_several(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What one of them would take alone, nobody knows: no less than this."""
        now = 0.0
        monkeypatch.setattr(stopwatch, "time", SimpleNamespace(monotonic=lambda: now))
        watch = Stopwatch(lambda: 0.0, share=0.25)
        now = 8.0
        assert watch.read() == Effort(2.0, alone=False)
