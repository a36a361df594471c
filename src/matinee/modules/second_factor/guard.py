"""What stands before each change of how an account is signed in to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.modules.auth.reauthentication import Reauthentication
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import LastWayIn, ProofRequired, WrongCode
from matinee.modules.second_factor.schemas import Proof


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
        await self._check(caller, proof)
        async with self._database.transaction() as db:
            # of two changes at once the second finds what the first has left
            await repository.lock_owner(db, caller.user_id)
            if proof.code is not None and not await self._codes.use(db, caller.user_id, proof.code):
                raise WrongCode
            yield db
            if not await repository.has_way_in(db, caller.user_id):
                raise LastWayIn

    async def _check(self, caller: Caller, proof: Proof) -> None:
        """The password, before any connection is held; or, of an account without one, that it just signed in."""
        if proof.password is not None:
            await self._owner.by_password(caller.user_id, proof.password)
        elif proof.code is None:
            async with self._database.connection() as db:
                if not await repository.just_signed_in_without(db, caller.user_id, caller.session_id):
                    raise ProofRequired
