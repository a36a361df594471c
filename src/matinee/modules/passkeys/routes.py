"""HTTP in and out of passkeys."""

from matinee.common.database import Connection
from matinee.common.http.authentication import EmailNotVerified
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.auth.cookie import BASE, DEVICE, SignInCookies
from matinee.modules.auth.errors import AccountClosed, AccountSuspended
from matinee.modules.auth.schemas import Proof, Tokens
from matinee.modules.passkeys.errors import PasskeyNotFound, PasskeyRefused, PasskeyTaken, TooManyPasskeys
from matinee.modules.passkeys.schemas import (
    AskPasskey,
    NewPasskey,
    Passkey,
    PasskeyChange,
    PasskeyId,
    PasskeyOptions,
    Passkeys,
    PasskeySignIn,
    RegisteredPasskey,
)
from matinee.modules.passkeys.service import PasskeyService
from matinee.modules.second_factor.errors import InvalidChallenge, LastWayIn
from matinee.modules.second_factor.routes import GUARDED, PROOFS

TAG = "passkeys"
PATH = f"{BASE}/passkeys"


class PasskeyRoutes:
    """Operations under /api/v1/auth/passkeys."""

    def __init__(self, passkeys: PasskeyService, cookies: SignInCookies) -> None:
        self._passkeys = passkeys
        self._cookies = cookies

    @operation(
        "POST",
        f"{PATH}/options",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, TooManyPasskeys),
        limit=PROOFS,
    )
    async def begin_passkey(self, call: Call, body: Proof) -> PasskeyOptions:
        """Begin to register a passkey, by the password or a code.

        Hand the options to the browser, and what it answers to `POST /api/v1/auth/passkeys`.
        """
        return await self._passkeys.begin(call.user, body)

    @operation(
        "POST",
        PATH,
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(PasskeyRefused, PasskeyTaken, TooManyPasskeys),
        limit=RateLimit("register_passkey", 30, 3600, by="user"),
    )
    async def register_passkey(self, call: Call, body: NewPasskey) -> RegisteredPasskey:
        """Register a passkey.

        From now on it signs in without a password, and signing in by the password asks for a second factor. Where it
        is the first one of the account, the answer holds ten recovery codes, which cannot be seen again.
        """
        return await self._passkeys.register(call.user, body)

    @operation("GET", PATH, tag=TAG, access=Access.PERSON)
    async def list_passkeys(self, call: Call, db: Connection) -> Passkeys:
        """The signed-in user's passkeys."""
        return await self._passkeys.list_own(db, call.user.user_id)

    @operation(
        "PATCH",
        f"{PATH}/{{passkey_id}}",
        tag=TAG,
        access=Access.PERSON,
        errors=(PasskeyNotFound,),
        writes_once=True,
    )
    async def rename_passkey(self, call: Call, db: Connection, passkey_id: PasskeyId, body: PasskeyChange) -> Passkey:
        """Rename a passkey."""
        return await self._passkeys.rename(db, call.user.user_id, passkey_id, body.name)

    @operation(
        "POST",
        f"{PATH}/{{passkey_id}}/remove",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, PasskeyNotFound, LastWayIn),
        limit=PROOFS,
    )
    async def remove_passkey(self, call: Call, passkey_id: PasskeyId, body: Proof) -> None:
        """Remove a passkey, by the password or a code.

        Recovery codes end with the last second factor.
        """
        await self._passkeys.remove(call.user, passkey_id, body)

    @operation(
        "POST",
        f"{PATH}/sign-in/options",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidChallenge, PasskeyRefused),
        limit=RateLimit("ask_passkey", 30, 60),
    )
    async def ask_passkey(self, db: Connection, body: AskPasskey) -> PasskeyOptions:
        """Begin to sign in by a passkey.

        Hand the options to the browser, and what it answers to `sign-in`.
        """
        return await self._passkeys.ask(db, body.challenge)

    @operation(
        "POST",
        f"{PATH}/sign-in",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidChallenge, PasskeyRefused, AccountSuspended, AccountClosed, EmailNotVerified),
        limit=RateLimit("passkey", 30, 60),
        accepts=DEVICE.parameters,
        sets_cookie=True,
    )
    async def sign_in_by_passkey(self, call: Call, body: PasskeySignIn) -> Tokens:
        """Sign in by a passkey, or complete a sign-in by it.

        A passkey verifies its owner itself, so no password is asked for. Each options are answered once.
        """
        tokens = await self._passkeys.sign_in(body, self._cookies.device(call))
        self._cookies.open(call, tokens)
        return tokens
