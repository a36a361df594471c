"""How subscriptions refuse."""

from matinee.common.errors import Conflict


class OwnChannel(Conflict):
    """This is your own channel: nobody subscribes to himself."""

    code = "own_channel"


class TooManySubscriptions(Conflict):
    """An account has 1,000 subscriptions at most; end one first."""

    code = "too_many_subscriptions"
