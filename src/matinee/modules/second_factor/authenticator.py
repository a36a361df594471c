"""Setting up codes of an app, and turning them off."""

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.modules import audit
from matinee.modules.auth import letters
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor import repository, rules
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import SecondFactorIsOff, TotpIsOn, TotpNotBegun, WrongCode
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.schemas import RecoveryCodes, TotpSecret


class Authenticator:
    """An account's app and its recovery codes."""

    def __init__(self, guard: Guard, sessions: Sessions, codes: Codes, notices: Notices, *, host: str) -> None:
        self._guard = guard
        self._sessions = sessions
        self._notices = notices
        self._codes = codes
        self._issuer = f"Matinee ({host})"

    async def begin(self, caller: Caller, proof: Proof) -> TotpSecret:
        """A secret for an app, which counts once it is confirmed. Raises TotpIsOn, and what the guard does."""
        secret = rules.new_secret()
        async with self._guard.changing(caller, proof) as db:
            user = await accounts.find_user(db, caller.user_id)
            if user is None:
                raise Unauthenticated("This account no longer exists.")
            if not await repository.begin_totp(db, user.id, await self._codes.sealed(secret)):
                raise TotpIsOn
        return TotpSecret(secret=rules.typed(secret), uri=rules.address(secret, user.email, self._issuer))

    async def confirm(self, db: Connection, caller: Caller, code: str) -> RecoveryCodes:
        """From now on codes are asked for. Raises TotpNotBegun and WrongCode."""
        user_id = caller.user_id
        await self._guard.hold(db, caller)
        found = await repository.find_totp(db, user_id)
        if found is None or found.is_confirmed:
            raise TotpNotBegun
        step = await self._codes.step_of(found.secret, code)
        if step is None:
            raise WrongCode
        if not await repository.confirm_totp(db, user_id, found.secret, step):
            raise TotpNotBegun
        await audit.record(db, "account.second_factor_on", user_id, account=user_id)
        await self._notices.tell(db, user_id, letters.SECOND_FACTOR_ON)
        return RecoveryCodes(codes=await self._codes.renew(db, user_id))

    async def turn_off(self, caller: Caller, proof: Proof) -> None:
        """Codes are asked for no more. Raises SecondFactorIsOff, and what the guard does."""
        user_id = caller.user_id
        async with self._guard.changing(caller, proof) as db:
            if not await repository.delete_totp(db, user_id):
                raise SecondFactorIsOff
            is_last = await self._codes.forget_needless(db, user_id)
            await audit.record(db, "account.second_factor_off", user_id, account=user_id)
            if is_last:
                await self._sessions.end_without_factor(db, user_id)
            await self._notices.tell(db, user_id, letters.SECOND_FACTOR_OFF)

    async def renew_recovery_codes(self, caller: Caller, proof: Proof) -> RecoveryCodes:
        """Ten new codes. Raises SecondFactorIsOff, and what the guard does."""
        user_id = caller.user_id
        async with self._guard.changing(caller, proof) as db:
            if not (await repository.find_state(db, user_id)).is_on:
                raise SecondFactorIsOff
            await audit.record(db, "account.recovery_codes_renewed", user_id, account=user_id)
            await self._notices.tell(db, user_id, letters.RECOVERY_CODES_RENEWED)
            return RecoveryCodes(codes=await self._codes.renew(db, user_id))
