"""Invitations to register, by administrators: single use, a week."""

import hashlib
import secrets
from uuid import UUID

from msgspec.structs import asdict

from matinee.common.database import Connection
from matinee.common.http.pagination import PageQuery, creation, decode_cursor, page_of
from matinee.common.mail.post import Post
from matinee.modules import audit
from matinee.modules.auth import invitation_repository, letters
from matinee.modules.auth.errors import InvitationNotFound, LinkExpired
from matinee.modules.auth.rules import normal_email
from matinee.modules.auth.schemas import InvitationPage, MadeInvitation

_DAYS = 7
_TOKEN_BYTES = 32


class Invitations:
    """Makes and takes invitations."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def invite(self, db: Connection, by: UUID, email: str) -> MadeInvitation:
        """A new invitation, sent to the address where this server sends mail. Raises InvalidEmail."""
        address, token = normal_email(email), secrets.token_urlsafe(_TOKEN_BYTES)
        made = await invitation_repository.insert_invitation(db, _hash(token), address, by, days=_DAYS)
        link = self._post.link("/register", token)
        if self._post.is_on:
            await self._post.send(db, address, letters.INVITATION, link=link)
        await audit.record(db, "invitation.created", made.id)
        return MadeInvitation(**asdict(made), link=link, is_sent=self._post.is_on)

    async def list_open(self, db: Connection, query: PageQuery) -> InvitationPage:
        """Those that can be taken."""
        rows = await invitation_repository.list_invitations(db, query.limit, decode_cursor(query.cursor))
        shown, cursor = page_of(rows, query.limit, creation)
        return InvitationPage(items=shown, next_cursor=cursor)

    async def take(self, db: Connection, token: str) -> str:
        """Uses an invitation up; returns the address that it was sent to. Raises LinkExpired."""
        email = await invitation_repository.take_invitation(db, _hash(token))
        if email is None:
            raise LinkExpired
        return email

    async def revoke(self, db: Connection, invitation_id: UUID) -> None:
        """Makes it worthless. Raises InvitationNotFound."""
        if not await invitation_repository.revoke_invitation(db, invitation_id):
            raise InvitationNotFound
        await audit.record(db, "invitation.revoked", invitation_id)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
