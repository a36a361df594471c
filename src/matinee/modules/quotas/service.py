"""Decisions about quotas: whoever stores something asks here first, in the transaction that records it."""

from typing import Literal
from uuid import UUID

from msgspec.structs import replace

from matinee.common.config import Settings
from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.validation import Fault
from matinee.modules import audit
from matinee.modules.quotas import repository
from matinee.modules.quotas.errors import QuotaExceeded, UserNotFound
from matinee.modules.quotas.repository import QuotaRow
from matinee.modules.quotas.rules import MINUTE, Quota, Stored, refuse_file, refuse_length, refuse_stored
from matinee.modules.quotas.schemas import AccountQuota, Limits, QuotaChoice, Usage

_NO_LIMIT = -1  # as it is stored


def server_quota(settings: Settings) -> Quota:
    """What the settings allow an account of which nothing else was said."""
    return Quota(settings.quota_bytes or None, settings.quota_minutes or None)


class QuotaService:
    """What accounts may store. `default` is what holds where an administrator has set nothing else."""

    def __init__(self, default: Quota) -> None:
        self._default = default

    @property
    def limits_everyone(self) -> bool:
        """Whether the server has a quota for accounts of which nothing else was said."""
        return self._default.is_limited

    async def reserve_file(
        self, db: Connection, owner_id: UUID, size: int, *, lasts: bool = True, held: int = 0
    ) -> None:
        """Returns where a file fits. The caller records it in the same transaction. Raises QuotaExceeded.

        `lasts`: whether it adds to the minutes; another file for a video need not, and a sound does not.
        `held`: how much of it is recorded already.
        """
        quota = await self._held(db, owner_id)
        if quota.is_limited:
            stored = await repository.find_stored(db, owner_id)
            stored = replace(stored, bytes=stored.bytes - held)
            _raise(refuse_file(quota, stored, size, lasts=lasts), "filesize")

    async def reserve_length(self, db: Connection, owner_id: UUID, seconds: float, *, field: str = "end") -> None:
        """Returns where a video of that length fits. The caller records it in the same transaction.

        Raises QuotaExceeded, of the `field` of the request that asks for so much.
        """
        quota = await self._held(db, owner_id)
        if quota.minutes is not None:
            _raise(refuse_length(quota, await repository.find_stored(db, owner_id), seconds), field)

    async def ensure_fits(self, db: Connection, owner_id: UUID) -> None:
        """Returns where all that an account has fits, as this transaction leaves it. Raises QuotaExceeded."""
        quota = await self._held(db, owner_id)
        if quota.is_limited:
            _raise(refuse_stored(quota, await repository.find_stored(db, owner_id)), "owner")

    async def refuse_plan(self, db: Connection, video_id: UUID, seconds: float) -> str | None:
        """Why a video whose length was found out does not fit; None where it does, and is recorded with it now.

        What takes the place of a video that is as long fits, also where more is stored than may be.
        """
        owner = await repository.find_owner(db, video_id)
        if owner is None or seconds <= (owner.replaced_seconds or 0.0):
            return None
        quota = await self._held(db, owner.owner_id)
        if quota.minutes is None:
            return None
        stored = await repository.find_stored(db, owner.owner_id, but=owner.shown_as)
        return refuse_length(quota, stored, seconds)

    async def usage(self, db: Connection, user_id: UUID) -> Usage:
        """What an account stores, and may store."""
        row = await repository.find_quota(db, user_id)
        if row is None:
            raise Unauthenticated("This account no longer exists.")
        return _usage(await repository.find_stored(db, user_id), self._effective(row))

    async def get(self, db: Connection, user_id: UUID) -> AccountQuota:
        """The same for an administrator, with what was set. Raises UserNotFound."""
        row = await repository.find_quota(db, user_id)
        if row is None:
            raise UserNotFound
        stored = await repository.find_stored(db, user_id)
        chosen = QuotaChoice(bytes=_shown(row.quota_bytes), minutes=_shown(row.quota_minutes))
        return AccountQuota(chosen=chosen, usage=_usage(stored, self._effective(row)))

    async def set(self, db: Connection, user_id: UUID, choice: QuotaChoice) -> AccountQuota:
        """What an account may store from now on; what it has stays. Raises UserNotFound."""
        kept = [_NO_LIMIT if wanted == "unlimited" else wanted for wanted in (choice.bytes, choice.minutes)]
        if not await repository.set_quota(db, user_id, *kept):
            raise UserNotFound
        await audit.record(
            db, "account.quota_changed", user_id, account=user_id, bytes=choice.bytes, minutes=choice.minutes
        )
        return await self.get(db, user_id)

    async def _held(self, db: Connection, owner_id: UUID) -> Quota:
        """What holds for an account. Where that is any limit, nobody else reserves anything meanwhile."""
        row = await repository.find_quota(db, owner_id)
        if row is not None and self._effective(row).is_limited:
            row = await repository.lock_quota(db, owner_id)
        return Quota() if row is None else self._effective(row)

    def _effective(self, row: QuotaRow) -> Quota:
        return Quota(_limit(row.quota_bytes, self._default.bytes), _limit(row.quota_minutes, self._default.minutes))


def _limit(chosen: int | None, default: int | None) -> int | None:
    if chosen is None:
        return default
    return None if chosen == _NO_LIMIT else chosen


def _shown(stored: int | None) -> int | Literal["unlimited"] | None:
    return "unlimited" if stored == _NO_LIMIT else stored


def _usage(stored: Stored, quota: Quota) -> Usage:
    minutes = round(stored.seconds / MINUTE, 1)
    return Usage(bytes=stored.bytes, minutes=minutes, videos=stored.videos, quota=Limits(quota.bytes, quota.minutes))


def _raise(refusal: str | None, field: str) -> None:
    if refusal is not None:
        raise QuotaExceeded(refusal, faults=[Fault(field, refusal)])
