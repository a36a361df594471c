"""What stands before whatever an open session alone must not do, which somebody else may have found open."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.errors import WrongPassword
from matinee.modules.auth.reauthentication import Reauthentication
from matinee.modules.auth.schemas import Proof
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import LastWayIn, ProofRequired, WrongCode


class Guard:
    """Who holds an open session alone changes nothing, and nobody locks himself out."""

    def __init__(self, database: Database, owner: Reauthentication, codes: Codes) -> None:
        self._database = database
        self._owner = owner
        self._codes = codes

    @asynccontextmanager
    async def changing(self, caller: Caller, proof: Proof) -> AsyncIterator[Connection]:
        """A transaction that holds the account, for whoever has shown once more that it is his.

        Raises ProofRequired, WrongPassword and WrongCode; at its end LastWayIn, where the account could not be
        signed in to any more.
        """
        verified = await self._check(caller, proof)
        async with self._database.transaction() as db:
            # of two changes at once the second finds what the first has left
            if verified is None:
                await repository.lock_owner(db, caller.user_id)
            elif await accounts.hold(db, caller.user_id, verified) is None:
                raise WrongPassword
            if proof.code is None or await self._codes.use(db, caller.user_id, proof.code):
                yield db
                if not await repository.has_way_in(db, caller.user_id):
                    raise LastWayIn
                return
        await self._owner.note_failure(caller.user_id)
        raise WrongCode

    async def ensure(self, caller: Caller, proof: Proof) -> None:
        """Returns where somebody has shown once more that the account is his; uses up a code. Raises the same."""
        async with self.changing(caller, proof):
            pass

    async def hold(self, db: Connection, caller: Caller) -> None:
        """Holds the account for the second half of what was proven in the first.

        Raises Unauthenticated where the session has ended since: whoever began it may be the one who was signed out.
        """
        await repository.lock_owner(db, caller.user_id)
        if not await accounts.is_signed_in(db, caller.session_id):
            raise Unauthenticated("You were signed out meanwhile; sign in again.")

    async def _check(self, caller: Caller, proof: Proof) -> str | None:
        """The password, whose hash it returns, before any connection is held; of an account that has none, that it
        just signed in.
        """
        if proof.password is not None:
            return await self._owner.by_password(caller.user_id, proof.password)
        if proof.code is None:
            async with self._database.connection() as db:
                if not await repository.just_signed_in_without(db, caller.user_id, caller.session_id):
                    raise ProofRequired
        return None
