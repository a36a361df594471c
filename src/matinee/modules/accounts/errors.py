"""How exports are refused."""

from matinee.common.errors import NotFound


class NoExport(NotFound):
    """There is no export of this account, or no longer; ask for one."""

    code = "no_export"
