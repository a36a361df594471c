"""How sign-in providers refuse."""

from matinee.common.errors import Conflict, Forbidden, NotFound, Unavailable


class ProviderNotFound(NotFound):
    """This server has no such sign-in provider."""

    code = "provider_not_found"


class ProviderUnavailable(Unavailable):
    """The sign-in provider does not answer as it should; try again shortly, or sign in another way."""

    code = "provider_unavailable"


class ProviderRefused(Forbidden):
    """What came back from the sign-in provider is not good for this sign-in; begin again."""

    code = "provider_refused"


class NoVerifiedEmail(Forbidden):
    """The provider tells no verified e-mail address; register here, and link it to your account."""

    code = "no_verified_email"


class SignInToLink(Conflict):
    """An account with this e-mail address exists; sign in to it another way, and link the provider there."""

    code = "sign_in_to_link"


class LinkedElsewhere(Conflict):
    """This sign-in is linked to an account already; unlink it there first."""

    code = "linked_elsewhere"


class LinkNotFound(NotFound):
    """Your account has no such linked sign-in."""

    code = "link_not_found"
