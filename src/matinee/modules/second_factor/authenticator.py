"""Setting up codes of an app, and turning them off."""

from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.modules import audit
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.reauthentication import Reauthentication
from matinee.modules.second_factor import repository, rules
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import ProofRequired, SecondFactorIsOff, TotpIsOn, TotpNotBegun, WrongCode
from matinee.modules.second_factor.schemas import Proof, RecoveryCodes, TotpSecret


class Authenticator:
    """An account's app and its recovery codes. Who holds an open session alone changes neither."""

    def __init__(self, database: Database, owner: Reauthentication, codes: Codes, *, host: str) -> None:
        self._database = database
        self._owner = owner
        self._codes = codes
        self._issuer = f"Matinee ({host})"

    async def begin(self, user_id: UUID, password: str) -> TotpSecret:
        """A secret for an app, which counts once it is confirmed. Raises WrongPassword and TotpIsOn."""
        await self._owner.by_password(user_id, password)
        secret = rules.new_secret()
        async with self._database.transaction() as db:
            user = await accounts.find_user(db, user_id)
            if user is None:
                raise Unauthenticated("This account no longer exists.")
            if not await repository.begin_totp(db, user_id, self._codes.sealed(secret)):
                raise TotpIsOn
        return TotpSecret(secret=rules.typed(secret), uri=rules.address(secret, user.email, self._issuer))

    async def confirm(self, db: Connection, user_id: UUID, code: str) -> RecoveryCodes:
        """From now on codes are asked for. Raises TotpNotBegun and WrongCode."""
        found = await repository.find_totp(db, user_id)
        if found is None or found.is_confirmed:
            raise TotpNotBegun
        step = self._codes.step_of(found.secret, code)
        if step is None:
            raise WrongCode
        if not await repository.confirm_totp(db, user_id, found.secret, step):
            raise TotpNotBegun
        await audit.record(db, "account.second_factor_on", user_id, account=user_id)
        return RecoveryCodes(codes=await self._codes.renew(db, user_id))

    async def turn_off(self, user_id: UUID, proof: Proof) -> None:
        """Codes are asked for no more. Raises SecondFactorIsOff, and what is wrong with the proof."""
        await self._check_password(user_id, proof)
        async with self._database.transaction() as db:
            await self._check_code(db, user_id, proof)
            if not await repository.delete_totp(db, user_id):
                raise SecondFactorIsOff
            await repository.replace_recovery_codes(db, user_id, [])
            await audit.record(db, "account.second_factor_off", user_id, account=user_id)

    async def renew_recovery_codes(self, user_id: UUID, proof: Proof) -> RecoveryCodes:
        """Ten new codes. Raises SecondFactorIsOff, and what is wrong with the proof."""
        await self._check_password(user_id, proof)
        async with self._database.transaction() as db:
            await self._check_code(db, user_id, proof)
            if not (await repository.find_state(db, user_id)).totp:
                raise SecondFactorIsOff
            await audit.record(db, "account.recovery_codes_renewed", user_id, account=user_id)
            return RecoveryCodes(codes=await self._codes.renew(db, user_id))

    async def _check_password(self, user_id: UUID, proof: Proof) -> None:
        if proof.password is None and proof.code is None:
            raise ProofRequired
        if proof.password is not None:
            await self._owner.by_password(user_id, proof.password)

    async def _check_code(self, db: Connection, user_id: UUID, proof: Proof) -> None:
        """Holds the account, too: of two changes at once the second finds what the first has left."""
        await repository.lock_owner(db, user_id)
        if proof.code is not None and not await self._codes.use(db, user_id, proof.code):
            raise WrongCode
