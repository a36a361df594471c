"""Letters that tell the owner of an account what became of it, where this server sends any."""

from uuid import UUID

from matinee.common.database import Connection
from matinee.common.mail.letters import LetterTemplate
from matinee.common.mail.post import Post
from matinee.modules.auth import repository


class Notices:
    """Tells owners; whoever changes something calls it in that very transaction."""

    def __init__(self, post: Post) -> None:
        self._post = post

    async def tell(self, db: Connection, user_id: UUID, template: LetterTemplate, **values: str) -> None:
        """Sends the letter to the account's address, with the address of the pages as its `link`."""
        user = await repository.find_user(db, user_id) if self._post.is_on else None
        if user is not None:
            await self._post.send(db, user.email, template, link=self._post.link("/"), **values)
