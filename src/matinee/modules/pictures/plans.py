"""Plans by video: they seldom change, and every thumbnail reads one."""

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
        self._kept: OrderedDict[UUID, tuple[int, Plan]] = OrderedDict()

    async def find(self, db: Connection, video_id: UUID) -> Plan | None:
        """The plan of a video; None where it has none yet, or where there is no such video."""
        revision, plan = self._kept.get(video_id) or (None, None)
        row = await repository.read_plan(db, video_id, unless=revision)
        if row is None:
            return None
        if row.plan is None:
            self._kept.move_to_end(video_id)
            return plan
        plan = read_plan(row.plan)
        self._kept[video_id] = (row.plan_revision, plan)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return plan
