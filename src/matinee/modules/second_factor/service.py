"""Signing in where the password is not enough."""

import secrets
from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.pending_sign_in import Method, PendingSignIn
from matinee.modules import audit
from matinee.modules.auth.devices import Device
from matinee.modules.auth.password_change import PasswordChange
from matinee.modules.auth.schemas import Tokens
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import InvalidChallenge, TooManyWrongCodes, WrongCode
from matinee.modules.second_factor.repository import Waiting
from matinee.modules.second_factor.rules import (
    CHALLENGE_SECONDS,
    MOST_WRONG,
    MOST_WRONG_AN_HOUR,
    hash_of,
    is_of_an_app,
    plain,
)
from matinee.modules.second_factor.schemas import SecondFactorState

_CHALLENGE_BYTES = 32


class SecondFactor:
    """Asks for it, and opens the session of whoever has it."""

    def __init__(self, database: Database, sessions: Sessions, password_change: PasswordChange, codes: Codes) -> None:
        self._database = database
        self._sessions = sessions
        self._password_change = password_change
        self._codes = codes

    async def ask(
        self, db: Connection, user_id: UUID, device_name: str, new_password_hash: str | None = None
    ) -> PendingSignIn | None:
        """What is left to do for whoever has shown the first factor; None where that is enough.

        Not before it is done, the account gets the new password.
        """
        state = await repository.find_state(db, user_id)
        if not state.is_on:
            return None
        challenge = secrets.token_urlsafe(_CHALLENGE_BYTES)
        await repository.insert_challenge(
            db, hash_of(challenge), user_id, device_name, new_password_hash, CHALLENGE_SECONDS
        )
        return PendingSignIn(challenge=challenge, methods=_methods(state), expires_in=CHALLENGE_SECONDS)

    async def answer(self, challenge: str, code: str, device: Device, *, restore: bool = False) -> Tokens:
        """Opens the session. Raises InvalidChallenge, WrongCode and TooManyWrongCodes."""
        async with self._database.transaction() as db:
            waiting = await self.claim(db, challenge)
            # Recovery codes cannot be guessed: whoever has used the hour up does not keep the owner from his.
            is_guessable = is_of_an_app(plain(code))
            if is_guessable and await repository.count_wrong(db, waiting.user_id) >= MOST_WRONG_AN_HOUR:
                raise TooManyWrongCodes(3600, {})
            if await self._codes.use(db, waiting.user_id, code):
                return await self.complete(db, challenge, device, restore=restore)
            if is_guessable:
                await repository.note_wrong(db, hash_of(challenge))
            await audit.record_often(db, "account.second_factor_failed", waiting.user_id)
        # raised after the commit, which keeps the count
        raise WrongCode

    async def claim(self, db: Connection, challenge: str) -> Waiting:
        """Who waits for his second factor; no other sign-in of his goes on meanwhile. Raises InvalidChallenge."""
        waiting = await repository.claim_challenge(db, hash_of(challenge), MOST_WRONG)
        if waiting is None:
            raise InvalidChallenge
        return waiting

    async def complete(self, db: Connection, challenge: str, device: Device, *, restore: bool = False) -> Tokens:
        """Opens the session of whoever has shown his second factor. Raises InvalidChallenge."""
        waiting = await self.claim(db, challenge)
        await repository.spend_challenge(db, hash_of(challenge))
        if waiting.new_password_hash is not None:
            await self._password_change.apply(
                db, waiting.user_id, waiting.new_password_hash, "password_changed", by=waiting.user_id
            )
        return await self._sessions.open(db, waiting.as_user(), waiting.device_name, device, restore=restore)

    async def reset(self, db: Connection, user_id: UUID) -> None:
        """Nothing is asked beside the password any more, of an account that is held."""
        await repository.delete_all(db, user_id)


def _methods(state: SecondFactorState) -> list[Method]:
    methods: list[tuple[Method, bool]] = [
        ("totp", state.totp),
        ("passkey", state.passkeys > 0),
        ("recovery_code", state.recovery_codes > 0),
    ]
    return [method for method, works in methods if works]
