"""Decisions about passkeys: registering them, and signing in with them."""

import secrets
from uuid import UUID

from msgspec.structs import asdict

from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.modules import audit
from matinee.modules.auth import letters
from matinee.modules.auth import repository as accounts
from matinee.modules.auth.devices import Device
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof, Tokens
from matinee.modules.auth.sessions import Sessions
from matinee.modules.passkeys import repository
from matinee.modules.passkeys.errors import PasskeyNotFound, PasskeyRefused, TooManyPasskeys
from matinee.modules.passkeys.repository import StoredPasskey
from matinee.modules.passkeys.schemas import (
    Credential,
    NewPasskey,
    Passkey,
    PasskeyOptions,
    Passkeys,
    PasskeySignIn,
    RegisteredPasskey,
)
from matinee.modules.passkeys.verification import (
    CHALLENGE_SECONDS,
    RelyingParty,
    credential_id,
    names_owner,
    signed_challenge,
)
from matinee.modules.second_factor.codes import Codes
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.schemas import RecoveryCodes
from matinee.modules.second_factor.service import SecondFactor

MOST_PASSKEYS = 25  # of an account; a browser is told all of them
_CHALLENGE_BYTES = 32


class PasskeyService:
    """An account's passkeys. A challenge is answered once, whatever comes of it."""

    def __init__(
        self,
        database: Database,
        relying_party: RelyingParty,
        sessions: Sessions,
        second_factor: SecondFactor,
        guard: Guard,
        codes: Codes,
        notices: Notices,
    ) -> None:
        self._database = database
        self._relying_party = relying_party
        self._sessions = sessions
        self._second_factor = second_factor
        self._guard = guard
        self._codes = codes
        self._notices = notices

    async def begin(self, caller: Caller, proof: Proof) -> PasskeyOptions:
        """What a browser needs for a new passkey. Raises TooManyPasskeys, and what the guard does."""
        user_id = caller.user_id
        async with self._guard.changing(caller, proof) as db:
            user = await accounts.find_user(db, user_id)
            if user is None:
                raise Unauthenticated("This account no longer exists.")
            known = await repository.credential_ids(db, user_id)
            if len(known) >= MOST_PASSKEYS:
                raise TooManyPasskeys
            challenge = secrets.token_bytes(_CHALLENGE_BYTES)
            await repository.insert_challenge(db, challenge, "register", user_id, CHALLENGE_SECONDS)
        return self._relying_party.creation_options(user, challenge, known)

    async def register(self, caller: Caller, wanted: NewPasskey) -> RegisteredPasskey:
        """The passkey, asked for from now on. Raises PasskeyRefused, PasskeyTaken and TooManyPasskeys."""
        user_id = caller.user_id
        challenge = signed_challenge(wanted.credential)
        async with self._database.connection() as db:
            if not await repository.take_challenge(db, challenge, "register", user_id):
                raise PasskeyRefused
        verified = self._relying_party.verify_new(wanted.credential, challenge)
        async with self._database.transaction() as db:
            await self._guard.hold(db, caller)
            codes = await self._codes.first(db, user_id)
            if len(await repository.credential_ids(db, user_id)) >= MOST_PASSKEYS:
                raise TooManyPasskeys
            made = await repository.insert_passkey(
                db,
                user_id,
                verified.credential_id,
                verified.credential_public_key,
                verified.sign_count,
                wanted.name,
            )
            await audit.record(db, "passkey.registered", made.id, account=user_id, name=made.name)
            await self._notices.tell(db, user_id, letters.PASSKEY_ADDED)
        return RegisteredPasskey(**asdict(made), recovery_codes=RecoveryCodes(codes=codes) if codes else None)

    async def list_own(self, db: Connection, user_id: UUID) -> Passkeys:
        """All passkeys of an account."""
        return Passkeys(items=await repository.list_passkeys(db, user_id, MOST_PASSKEYS))

    async def rename(self, db: Connection, user_id: UUID, passkey_id: UUID, name: str) -> Passkey:
        """The passkey under another name. Raises PasskeyNotFound."""
        passkey = await repository.rename_passkey(db, user_id, passkey_id, name)
        if passkey is None:
            raise PasskeyNotFound
        return passkey

    async def remove(self, caller: Caller, passkey_id: UUID, proof: Proof) -> None:
        """It opens nothing any more. Raises PasskeyNotFound, and what the guard does."""
        user_id = caller.user_id
        async with self._guard.changing(caller, proof) as db:
            if not await repository.delete_passkey(db, user_id, passkey_id):
                raise PasskeyNotFound
            is_last = await self._codes.forget_needless(db, user_id)
            await audit.record(db, "passkey.removed", passkey_id, account=user_id)
            if is_last:
                await self._sessions.end_without_factor(db, user_id)
            await self._notices.tell(db, user_id, letters.PASSKEY_REMOVED)

    async def ask(self, db: Connection, pending: str | None) -> PasskeyOptions:
        """What a browser needs to ask for a passkey: as second factor of a `pending` sign-in, or for all of it."""
        user_id, allowed = None, list[bytes]()
        if pending is not None:
            user_id = (await self._second_factor.claim(db, pending)).user_id
            allowed = await repository.credential_ids(db, user_id)
            if not allowed:
                raise PasskeyRefused("This account has no passkey; use a code.")
        challenge = secrets.token_bytes(_CHALLENGE_BYTES)
        await repository.insert_challenge(db, challenge, "sign_in", user_id, CHALLENGE_SECONDS)
        return self._relying_party.request_options(challenge, allowed)

    async def sign_in(self, answer: PasskeySignIn, device: Device) -> Tokens:
        """Opens a session. Raises PasskeyRefused, and InvalidChallenge where it was to be a second factor.

        A passkey verifies its owner (by finger, face or PIN), so that it is two factors by itself.
        """
        challenge, passkey = await self._answered(answer)
        verified = self._relying_party.verify(answer.credential, challenge, passkey.public_key, passkey.sign_count)
        async with self._database.transaction() as db:
            if not await repository.use_passkey(db, passkey.id, verified.new_sign_count):
                raise PasskeyRefused
            if answer.challenge is not None:
                return await self._second_factor.complete(db, answer.challenge, device, restore=answer.restore)
            return await self._sessions.open(
                db, passkey.as_user(), answer.device_name, device, restore=answer.restore
            )

    async def _answered(self, answer: PasskeySignIn) -> tuple[bytes, StoredPasskey]:
        """The challenge that is answered, used up, and the passkey that says to answer it; nothing is verified."""
        challenge = signed_challenge(answer.credential)
        async with self._database.connection() as db:
            waiting = None
            if answer.challenge is not None:
                waiting = (await self._second_factor.claim(db, answer.challenge)).user_id
            if not await repository.take_challenge(db, challenge, "sign_in", waiting):
                raise PasskeyRefused
            passkey = await repository.find_passkey(db, credential_id(answer.credential))
        if passkey is None or not _may_answer(answer.credential, passkey, waiting):
            raise PasskeyRefused
        return challenge, passkey


def _may_answer(credential: Credential, passkey: StoredPasskey, waiting: UUID | None) -> bool:
    """Whether the passkey is that of the account that waits; where none does, it has to name its own."""
    if waiting is not None:
        return passkey.user_id == waiting
    return names_owner(credential, passkey.user_id)
