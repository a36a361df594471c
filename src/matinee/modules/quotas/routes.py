"""HTTP in and out of quotas."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.modules.quotas.errors import UserNotFound
from matinee.modules.quotas.schemas import AccountQuota, QuotaChoice, Usage
from matinee.modules.quotas.service import QuotaService

TAG = "quotas"
QUOTA = "/api/v1/users/{user_id}/quota"
UserId = Annotated[UUID, Meta(description="The account's id.")]


class QuotaRoutes:
    """Operations on what accounts may store."""

    def __init__(self, quotas: QuotaService) -> None:
        self._quotas = quotas

    @operation("GET", "/api/v1/user/usage", tag=TAG, scope="account:read")
    async def get_usage(self, call: Call, db: Connection) -> Usage:
        """What the signed-in user stores, and may store."""
        return await self._quotas.usage(db, call.user.user_id)

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
