"""HTTP in and out of the second factor."""

from matinee.common.database import Connection
from matinee.common.http.authentication import EmailNotVerified
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.auth.cookie import BASE, DEVICE, SignInCookies
from matinee.modules.auth.errors import AccountClosed, AccountSuspended, WrongPassword
from matinee.modules.auth.schemas import Proof, Tokens
from matinee.modules.second_factor import repository
from matinee.modules.second_factor.authenticator import Authenticator
from matinee.modules.second_factor.errors import (
    InvalidChallenge,
    ProofRequired,
    SecondFactorIsOff,
    TooManyWrongCodes,
    TotpIsOn,
    TotpNotBegun,
    WrongCode,
)
from matinee.modules.second_factor.schemas import (
    ConfirmTotp,
    RecoveryCodes,
    SecondFactorAnswer,
    SecondFactorState,
    TotpSecret,
)
from matinee.modules.second_factor.service import SecondFactor

TAG = "second factor"
PATH = f"{BASE}/second-factor"
GUARDED = (ProofRequired, WrongPassword, WrongCode)
PROOFS = RateLimit("proof", 60, 3600, by="user", refusals=10)  # somebody may have found the session open


class SecondFactorRoutes:
    """Operations under /api/v1/auth/second-factor."""

    def __init__(self, second_factor: SecondFactor, authenticator: Authenticator, cookies: SignInCookies) -> None:
        self._second_factor = second_factor
        self._authenticator = authenticator
        self._cookies = cookies

    @operation(
        "POST",
        PATH,
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidChallenge, WrongCode, TooManyWrongCodes, AccountSuspended, AccountClosed, EmailNotVerified),
        limit=RateLimit("second_factor", 20, 60),
        accepts=DEVICE.parameters,
        sets_cookie=True,
    )
    async def answer_second_factor(self, call: Call, body: SecondFactorAnswer) -> Tokens:
        """Complete a sign-in by a code.

        A challenge takes five wrong codes of an app, an account twenty an hour. Each code works
        once.
        """
        tokens = await self._second_factor.answer(
            body.challenge, body.code, self._cookies.device(call), restore=body.restore
        )
        self._cookies.open(call, tokens)
        return tokens

    @operation("GET", PATH, tag=TAG, access=Access.PERSON)
    async def get_second_factor(self, call: Call, db: Connection) -> SecondFactorState:
        """What signing in asks of the account beside the password."""
        return await repository.find_state(db, call.user.user_id)

    @operation("POST", f"{PATH}/totp", tag=TAG, access=Access.PERSON, errors=(*GUARDED, TotpIsOn), limit=PROOFS)
    async def begin_totp(self, call: Call, body: Proof) -> TotpSecret:
        """Begin to set up an app that makes codes, by the password or a code.

        Nothing is asked for before a code of it was sent to `confirm`. Beginning again gives another secret.
        """
        return await self._authenticator.begin(call.user, body)

    @operation(
        "POST",
        f"{PATH}/totp/confirm",
        tag=TAG,
        access=Access.PERSON,
        errors=(TotpNotBegun, WrongCode),
        limit=RateLimit("confirm_totp", 20, 3600, by="user"),
    )
    async def confirm_totp(self, call: Call, db: Connection, body: ConfirmTotp) -> RecoveryCodes:
        """Turn on what was set up, by a code of the app.

        From now on signing in asks for a code. The answer holds ten recovery codes, which cannot be seen again.
        """
        return await self._authenticator.confirm(db, call.user, body.code)

    @operation(
        "POST",
        f"{PATH}/totp/off",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, SecondFactorIsOff),
        limit=PROOFS,
    )
    async def turn_off_totp(self, call: Call, body: Proof) -> None:
        """Turn off codes of an app, by the password or a code.

        The recovery codes end with them.
        """
        await self._authenticator.turn_off(call.user, body)

    @operation(
        "POST",
        f"{PATH}/recovery-codes",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, SecondFactorIsOff),
        limit=PROOFS,
    )
    async def renew_recovery_codes(self, call: Call, body: Proof) -> RecoveryCodes:
        """Get ten new recovery codes, by the password or a code.

        The former ones work no more.
        """
        return await self._authenticator.renew_recovery_codes(call.user, body)
