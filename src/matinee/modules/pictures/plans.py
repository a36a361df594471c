"""Plans by video: they never change, and every thumbnail reads one."""

from collections import OrderedDict
from uuid import UUID

from matinee.common.database import Connection
from matinee.media.model import Plan
from matinee.modules.encoding.service import read_plan
from matinee.modules.pictures import repository

_KEPT = 512  # ~5 kB each


class Plans:
    """The plans read last. Whoever asks checks by itself who may see the video."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, Plan] = OrderedDict()

    async def find(self, db: Connection, video_id: UUID) -> Plan | None:
        """The plan of a video; None where it has none yet, or where there is no such video."""
        plan = self._kept.get(video_id)
        if plan is not None:
            self._kept.move_to_end(video_id)
            return plan
        text = await repository.read_plan(db, video_id)
        if text is None:
            return None
        plan = self._kept[video_id] = read_plan(text)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return plan
