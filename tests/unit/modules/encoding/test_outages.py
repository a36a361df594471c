"""Outages are waited out; anything else is not."""

import pytest

from matinee.common.database import DatabaseUnavailable
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.encoding.outages import outlast


class Work:
    """Fails a few times, then succeeds."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"


class TestOutlast:
    async def test_tries_again_until_the_outage_is_over(self) -> None:
        """Storage and database may both be away for a while."""
        assert await outlast(Work(StorageUnavailable(), DatabaseUnavailable()), what="test") == "done"

    async def test_passes_other_errors_on_at_once(self) -> None:
        """A fault of the work itself is not an outage."""
        work = Work(ValueError(), ValueError())
        with pytest.raises(ValueError):
            await outlast(work, what="test")
        assert len(work.errors) == 1

    async def test_loses_patience(self) -> None:
        """An outage without end is told to the caller."""
        with pytest.raises(StorageUnavailable):
            await outlast(Work(*(StorageUnavailable() for _ in range(50))), what="test", patience=0.5)
