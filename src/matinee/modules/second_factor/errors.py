"""How the second factor refuses."""

from matinee.common.errors import Conflict, Forbidden, RateLimited, Unauthenticated


class InvalidChallenge(Unauthenticated):
    """The challenge is unknown, used, expired or was answered wrongly too often; sign in again."""

    code = "invalid_challenge"


class WrongCode(Forbidden):
    """The code is wrong, was used before, or is of another time; use the next one."""

    code = "wrong_code"


class TooManyWrongCodes(RateLimited):
    """Too many wrong codes for this account; wait an hour and sign in again."""

    code = "too_many_wrong_codes"


class ProofRequired(Forbidden):
    """An open session is not enough for this; send the password or a code, or, having neither, sign in again."""

    code = "proof_required"


class TotpIsOn(Conflict):
    """Codes of an app are asked for already; turn them off before you set up another app."""

    code = "totp_is_on"


class TotpNotBegun(Conflict):
    """There is no set-up of an app to confirm; begin one."""

    code = "totp_not_begun"


class LastWayIn(Conflict):
    """Nothing would be left to sign in with; set a password, register a passkey or link a provider first."""

    code = "last_way_in"


class SecondFactorIsOff(Conflict):
    """This account has no second factor; set one up first."""

    code = "second_factor_is_off"
