"""Codes as they are presented: each fits once."""

from uuid import UUID

from matinee.common.clock import Clock
from matinee.common.database import Connection
from matinee.common.http.rate_limits import tally
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.resealing import SealedColumn
from matinee.common.keys.ring import Keys
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.rules import (
    hash_of,
    is_of_an_app,
    matching_step,
    new_recovery_codes,
    plain,
)

_PURPOSE = b"matinee totp secrets"
TOTP_SECRETS = SealedColumn("totp", "user_id", "secret", _PURPOSE)


class Codes:
    """Seals what codes are made of, and uses codes up."""

    def __init__(self, keys: Keys, notices: Notices, *, clock: Clock) -> None:
        self._keys = keys
        self._notices = notices
        self._clock = clock

    async def sealed(self, secret: bytes) -> bytes:
        """An app's secret as it is stored."""
        return await self._keys.seal(_PURPOSE, secret)

    async def step_of(self, sealed: bytes, code: str) -> int | None:
        """The time step whose code it is, if it is one of about now."""
        try:
            secret = await self._keys.open(_PURPOSE, sealed)
        except NotOpenedError:  # its key is no longer here: recovery codes go on working
            return None
        return matching_step(secret, plain(code), self._clock())

    async def use(self, db: Connection, user_id: UUID, code: str) -> bool:
        """Whether the code is one of the account's; it is used up then. A letter tells of an app's used before."""
        if not is_of_an_app(plain(code)):
            return await repository.use_recovery_code(db, user_id, hash_of(plain(code)))
        found = await repository.find_totp(db, user_id)
        step = await self.step_of(found.secret, code) if found and found.is_confirmed else None
        if step is None:
            return False
        is_new = await repository.use_step(db, user_id, step)
        # once an hour at most, for it can be sent as often as one likes
        if not is_new and await tally(db, f"code_reused:{user_id}", 3600) == 1:
            await self._notices.tell(db, user_id, letters.CODE_REUSED)
        return is_new

    async def renew(self, db: Connection, user_id: UUID) -> list[str]:
        """New recovery codes in the place of the former ones."""
        codes = new_recovery_codes()
        await repository.replace_recovery_codes(db, user_id, [hash_of(plain(code)) for code in codes])
        return codes

    async def first(self, db: Connection, user_id: UUID) -> list[str] | None:
        """Recovery codes with the first second factor of an account that is held; None where it has one."""
        return None if (await repository.find_state(db, user_id)).is_on else await self.renew(db, user_id)

    async def forget_needless(self, db: Connection, user_id: UUID) -> bool:
        """Ends the recovery codes of an account that has no second factor any more; False where it has one."""
        if (await repository.find_state(db, user_id)).is_on:
            return False
        await repository.replace_recovery_codes(db, user_id, [])
        return True
