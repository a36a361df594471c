"""The key that signs playback tokens for the server."""

from uuid import UUID

from matinee.bootstrap import open_services
from matinee.common.acting import COMMAND_LINE, act_as
from matinee.common.config import Settings


async def rotate(settings: Settings) -> UUID:
    """Has another key sign from now on; gives its id."""
    act_as(lambda: COMMAND_LINE)
    async with open_services(settings, name="matinee-cli") as services:
        return await services.signing_keys.rotate()
