"""How administration refuses."""

from matinee.common.errors import Conflict


class LastAdministrator(Conflict):
    """This is the only administrator that there is; make another account one first."""

    code = "last_administrator"


class OwnAccount(Conflict):
    """You cannot do this to your own account; ask another administrator."""

    code = "own_account"
