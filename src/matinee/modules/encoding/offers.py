"""What players are told of, on connections of its own."""

from collections.abc import Mapping

from matinee.common.database import Database
from matinee.media.model import Plan
from matinee.modules.encoding.service import EncodingService
from matinee.modules.encoding.speeds import Speeds


class Offers:
    """Asked for every manifest; looks at the database every few seconds."""

    def __init__(self, database: Database, encoding: EncodingService) -> None:
        self._database = database
        self._encoding = encoding

    async def speeds(self) -> Speeds:
        """How fast workers are, as of some seconds ago."""
        known = self._encoding.known_speeds()
        if known is None:
            async with self._database.connection() as db:
                known = await self._encoding.read_speeds(db)
        return known

    def left_out(self, plan: Plan, stored: Mapping[str, int], speeds: Speeds) -> frozenset[str]:
        """The renditions that players are not told of, by how many cells of each are stored."""
        return self._encoding.left_out(plan, stored, speeds)
