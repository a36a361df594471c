"""How playback tokens and their keys refuse."""

from matinee.common.errors import Conflict, Forbidden, Invalid, NotFound


class InvalidConditions(Invalid):
    """The conditions contradict themselves."""

    code = "invalid_conditions"


class NotYoursToRenew(Forbidden):
    """This token was signed by the video's owner; only its maker can give another."""

    code = "not_yours_to_renew"


class WrongPassword(Forbidden):
    """This is not the video's password."""

    code = "wrong_password"


class NoPasswordNeeded(Conflict):
    """The video asks for no password."""

    code = "no_password_needed"


class NoSuchSigningKey(NotFound):
    """You have no signing key of this id."""

    code = "no_such_signing_key"


class TooManyKeys(Conflict):
    """You have as many signing keys as one may have; delete one that you no longer sign with."""

    code = "too_many_keys"
