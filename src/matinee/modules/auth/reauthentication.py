"""Asking a signed-in user once more who he is, before what nobody may do who found his device open."""

from uuid import UUID

from matinee.common.database import Database
from matinee.modules import audit
from matinee.modules.auth import repository
from matinee.modules.auth.errors import WrongPassword
from matinee.modules.auth.passwords import Passwords


class Reauthentication:
    """Checks what only the owner of a session knows."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    async def by_password(self, user_id: UUID, password: str) -> str:
        """The password's hash; raises WrongPassword. Slow on purpose: called before any connection is held."""
        async with self._database.connection() as db:
            stored = await repository.find_hash(db, user_id)
        if stored is None or not await self._passwords.verify(stored, password):
            await self.note_failure(user_id)
            raise WrongPassword
        return stored

    async def note_failure(self, user_id: UUID) -> None:
        """Somebody who has found a session open may be guessing."""
        async with self._database.transaction() as db:
            await audit.record_often(db, "account.proof_failed", user_id)
