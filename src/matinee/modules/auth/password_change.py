"""What another password brings with it, however it came about."""

from typing import Literal
from uuid import UUID

from matinee.common.database import Connection
from matinee.modules import audit
from matinee.modules.audit.actions import Action
from matinee.modules.auth import letters, token_repository
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor import repository as second_factor


class PasswordChange:
    """Sets the password of an account, and ends what was begun with the former one."""

    def __init__(self, sessions: Sessions, notices: Notices) -> None:
        self._sessions = sessions
        self._notices = notices

    async def apply(
        self,
        db: Connection,
        user_id: UUID,
        password_hash: str,
        why: Literal["password_changed", "password_reset"],
        *,
        by: UUID | None = None,
        kept: UUID | None = None,
        proven: str | None = None,
    ) -> None:
        """Another password, judged before. Every session ends but the one that is kept, and a letter tells of it.

        `proven` is an address whose letters the owner can read.
        """
        await token_repository.set_password(db, user_id, password_hash, proven=proven)
        # changes of address, letters' links, and sign-ins that wait for a code
        await token_repository.delete_tokens(db, user_id, "email", "password")
        await second_factor.spend_challenges(db, user_id)
        await self._sessions.end_all(db, user_id, why, kept=kept)
        what: Action = "account.password_changed" if why == "password_changed" else "account.password_reset"
        await audit.record(db, what, user_id, account=user_id, by=by)
        await self._notices.tell(db, user_id, letters.PASSWORD_CHANGED)
