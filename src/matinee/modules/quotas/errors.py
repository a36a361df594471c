"""How quotas refuse."""

from matinee.common.errors import Forbidden, NotFound


class QuotaExceeded(Forbidden):
    """Your quota does not hold this; delete what you no longer need, or ask an administrator for more."""

    code = "quota_exceeded"


class UserNotFound(NotFound):
    """There is no such account."""

    code = "user_not_found"
