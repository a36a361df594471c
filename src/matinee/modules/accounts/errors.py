"""How exports are refused."""

from matinee.common.errors import NotFound


class NoExport(NotFound):
    """There is no export of this account, or none that can be fetched; ask for one."""

    code = "no_export"
