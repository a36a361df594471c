"""Names of the jobs of whole accounts."""

from uuid import UUID

from matinee.common.jobs import NewJob

ERASE = "accounts.erase"
EXPORT = "accounts.export"


def erasing(user_id: UUID) -> NewJob:
    """Erases an account whose time of grace is over."""
    return NewJob(name=ERASE, lane="upkeep", args={"user_id": str(user_id)}, unique=f"erase:{user_id}")


def exporting(user_id: UUID, export_id: UUID) -> NewJob:
    """Makes an export."""
    args = {"user_id": str(user_id), "export_id": str(export_id)}
    return NewJob(name=EXPORT, lane="files", args=args, unique=f"export:{export_id}")
