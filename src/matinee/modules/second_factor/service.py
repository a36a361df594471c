"""Signing in where the password is not enough."""

import secrets
from uuid import UUID

from matinee.common.database import Connection, Database
from matinee.common.pending_sign_in import Method, PendingSignIn
from matinee.modules import audit
from matinee.modules.auth.schemas import Tokens
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.errors import InvalidChallenge, TooManyWrongCodes, WrongCode
from matinee.modules.second_factor.rules import CHALLENGE_SECONDS, MOST_WRONG, MOST_WRONG_AN_HOUR, hash_of

_CHALLENGE_BYTES = 32


class SecondFactor:
    """Asks for it, and opens the session of whoever has it."""

    def __init__(self, database: Database, sessions: Sessions, codes: Codes) -> None:
        self._database = database
        self._sessions = sessions
        self._codes = codes

    async def ask(self, db: Connection, user_id: UUID, device_name: str) -> PendingSignIn | None:
        """What is left to do for whoever has shown the first factor; None where that is enough."""
        state = await repository.find_state(db, user_id)
        if not state.totp:
            return None
        methods: list[Method] = ["totp"]
        if state.recovery_codes:
            methods.append("recovery_code")
        challenge = secrets.token_urlsafe(_CHALLENGE_BYTES)
        await repository.insert_challenge(db, hash_of(challenge), user_id, device_name, CHALLENGE_SECONDS)
        return PendingSignIn(challenge=challenge, methods=methods, expires_in=CHALLENGE_SECONDS)

    async def answer(self, challenge: str, code: str, ip: str | None, *, restore: bool = False) -> Tokens:
        """Opens the session. Raises InvalidChallenge, WrongCode and TooManyWrongCodes."""
        presented = hash_of(challenge)
        async with self._database.transaction() as db:
            waiting = await repository.claim_challenge(db, presented, MOST_WRONG)
            if waiting is None:
                raise InvalidChallenge
            if await repository.count_wrong(db, waiting.user_id) >= MOST_WRONG_AN_HOUR:
                raise TooManyWrongCodes(3600, {})
            if await self._codes.use(db, waiting.user_id, code):
                await repository.spend_challenge(db, presented)
                return await self._sessions.open(db, waiting.as_user(), waiting.device_name, ip, restore=restore)
            await repository.note_wrong(db, presented)
            await audit.record_often(db, "account.second_factor_failed", waiting.user_id)
        # raised after the commit, which keeps the count
        raise WrongCode
