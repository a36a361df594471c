"""HTTP in and out of quotas."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.quotas.schemas import AccountQuota, QuotaChoice, Usage, UsageQuery
from matinee.modules.quotas.service import QuotaService
from matinee.modules.teams.errors import TeamNotFound
from matinee.modules.teams.rules import MEMBERS, acting_for

TAG = "quotas"
QUOTA = "/api/v1/users/{user_id}/quota"
UserId = Annotated[UUID, Meta(description="The account's id.")]


class QuotaRoutes:
    """Operations on what accounts may store."""

    def __init__(self, quotas: QuotaService) -> None:
        self._quotas = quotas

    @operation("GET", "/api/v1/user/usage", tag=TAG, scope="account:read", errors=(TeamNotFound,))
    async def get_usage(self, call: Call, db: Connection, query: UsageQuery) -> Usage:
        """What the signed-in user, or a team, stores and may store."""
        return await self._quotas.usage(db, acting_for(call.user, query.owner or None, MEMBERS))

    @operation("GET", QUOTA, tag=TAG, access=Access.ADMIN, errors=(UserNotFound,))
    async def get_quota(self, db: Connection, user_id: UserId) -> AccountQuota:
        """What an account stores, and what was set for it."""
        return await self._quotas.get(db, user_id)

    @operation("PUT", QUOTA, tag=TAG, access=Access.ADMIN, errors=(UserNotFound,))
    async def set_quota(self, db: Connection, user_id: UserId, body: QuotaChoice) -> AccountQuota:
        """Set what an account may store.

        It holds for what is announced from now on. What is stored stays, also where it is more.
        """
        return await self._quotas.set(db, user_id, body)
