"""Every query about linked sign-ins."""

from uuid import UUID

from matinee.common.database import Connection, UniqueViolation, execute, fetch_all, fetch_one, violated
from matinee.modules.auth.schemas import User
from matinee.modules.sign_in_providers.errors import LinkedElsewhere
from matinee.modules.sign_in_providers.schemas import LinkedSignIn

_USE = """
WITH used AS (
    UPDATE linked_sign_ins SET last_used_at = now() WHERE issuer = %s AND subject = %s RETURNING user_id
)
SELECT u.id, u.email, u.name, u.role, u.created_at FROM users u JOIN used ON used.user_id = u.id
"""
_INSERT = """
INSERT INTO linked_sign_ins (user_id, issuer, subject, label) VALUES (%s, %s, %s, %s)
RETURNING id, issuer, label, created_at, last_used_at
"""
_LIST = """
SELECT id, issuer, label, created_at, last_used_at FROM linked_sign_ins
WHERE user_id = %s ORDER BY created_at, id LIMIT 50
"""
_DELETE = "DELETE FROM linked_sign_ins WHERE id = %s AND user_id = %s"


async def use_link(db: Connection, issuer: str, subject: str) -> User | None:
    """The account that is signed in to by this subject of the issuer; notes the use."""
    return await fetch_one(db, User, _USE, (issuer, subject))


async def insert_link(db: Connection, user_id: UUID, issuer: str, subject: str, label: str) -> LinkedSignIn:
    """The new link; raises LinkedElsewhere."""
    try:
        async with db.transaction():
            made = await fetch_one(db, LinkedSignIn, _INSERT, (user_id, issuer, subject, label))
    except UniqueViolation as error:
        if violated(error) == "linked_sign_ins_subject_unique":
            raise LinkedElsewhere from None
        raise
    assert made is not None
    return made


async def list_links(db: Connection, user_id: UUID) -> list[LinkedSignIn]:
    """An account's links, oldest first."""
    return await fetch_all(db, LinkedSignIn, _LIST, (user_id,))


async def delete_link(db: Connection, user_id: UUID, link_id: UUID) -> bool:
    """It opens nothing any more; False where the account has none like this."""
    return await execute(db, _DELETE, (link_id, user_id)) == 1
