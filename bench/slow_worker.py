"""A worker with a slow encoder: real FFmpeg and real bytes, but each cell takes so many seconds at least.

    python -m bench.slow_worker 1.5

So a machine with two cores can be many hosts, whose encoders do not share its processors.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from matinee.cli.work import run
from matinee.common.environment import load_settings
from matinee.media.cells import Cell
from matinee.media.encode import encode_cells
from matinee.modules.encoding import runners


def main() -> None:
    """Runs until it is told to stop."""
    seconds = float(sys.argv[1])

    async def slow_cells(*arguments: Any, **options: Any) -> AsyncGenerator[Cell, None]:
        began, index, made = time.monotonic(), -1, 0
        async with aclosing(encode_cells(*arguments, **options)) as making:
            async for cell in making:
                if cell.index != index:
                    index, made = cell.index, made + 1
                    await asyncio.sleep(began + made * seconds - time.monotonic())
                yield cell

    runners.encode_cells = slow_cells
    run(load_settings())


if __name__ == "__main__":
    main()
