"""The time limit of a request ends it, and nothing else."""

import asyncio

import pytest

from matinee.common.http.deadline import Deadline


class TestDeadline:
    async def test_a_block_that_takes_too_long_is_given_up(self) -> None:
        """By TimeoutError; the task itself goes on and may be cancelled as before."""
        with pytest.raises(TimeoutError), Deadline(0.01):
            await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0

    async def test_a_block_that_is_done_in_time_is_left_alone(self) -> None:
        """Also by a limit that passes afterwards."""
        with Deadline(0.01):
            pass
        later = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, later.set)
        await later.wait()

    async def test_a_lifted_one_never_passes(self) -> None:
        """An answer that streams takes as long as its client listens."""
        later = asyncio.Event()
        with Deadline(0.01) as deadline:
            deadline.lift()
            asyncio.get_running_loop().call_later(0.02, later.set)
            await later.wait()

    async def test_a_task_that_others_cancel_is_cancelled(self) -> None:
        """That is no lack of time, even where the limit passes at the same moment."""
        entered = asyncio.Event()

        async def work(seconds: float) -> None:
            with Deadline(seconds):
                entered.set()
                await asyncio.Event().wait()

        for seconds in (60.0, 0.0):
            entered.clear()
            task = asyncio.create_task(work(seconds))
            await entered.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def test_an_error_of_the_block_stays_what_it_is(self) -> None:
        """Also one that comes of giving up."""

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), Deadline(0.01):
            await work()
