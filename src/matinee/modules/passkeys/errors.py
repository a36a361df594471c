"""How passkeys refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound


class PasskeyRefused(Forbidden):
    """The passkey is unknown here, or its answer is late, was used before or is for another site; try again."""

    code = "passkey_refused"


class PasskeyNotFound(NotFound):
    """You have no such passkey."""

    code = "passkey_not_found"


class PasskeyTaken(Conflict):
    """This passkey is registered already."""

    code = "passkey_taken"


class TooManyPasskeys(Conflict):
    """You have as many passkeys as an account may have; delete one that is no longer needed."""

    code = "too_many_passkeys"
