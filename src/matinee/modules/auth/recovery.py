"""What an account's owner does by the links of letters: verify an address, change it, set a forgotten password."""

import hashlib
import secrets
from uuid import UUID

from matinee.common.database import Begin, Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.rate_limits import RateLimit, count_hit
from matinee.common.jobs import GiveUpError, JobQueue, JobRun, NewJob, ensure_owned
from matinee.common.keys.port import NotOpenedError
from matinee.common.keys.ring import Keys
from matinee.common.mail.post import Post
from matinee.modules import audit
from matinee.modules.auth import letters, repository, token_repository
from matinee.modules.auth.errors import LinkExpired, SignInToVerify, WrongPassword
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.password_change import PasswordChange
from matinee.modules.auth.passwords import Passwords
from matinee.modules.auth.reauthentication import Reauthentication
from matinee.modules.auth.rules import normal_email, spellings
from matinee.modules.auth.schemas import Proof
from matinee.modules.auth.token_repository import Holder, Purpose
from matinee.modules.second_factor import repository as second_factor
from matinee.modules.second_factor.guard import Guard

_PURPOSE = b"matinee addresses that ask for letters"
_TOKEN_BYTES = 32
_PASSWORD_HOURS = 1
_EMAIL_HOURS = 48
_LETTERS = RateLimit("letters", 5, 3600)  # to one address, whoever asks for them
_GUESSES = RateLimit("link_passwords", 10, 3600)  # at an account, by whoever has a link, who may be somebody else
_SEND_PASSWORD_LINK, _SEND_EMAIL_LINK = "accounts.send_password_link", "accounts.send_email_link"


class Recovery:
    """Passwords and addresses, changed by whoever proves to own the account."""

    def __init__(
        self,
        database: Database,
        queue: JobQueue,
        post: Post,
        passwords: Passwords,
        password_change: PasswordChange,
        reauthentication: Reauthentication,
        guard: Guard,
        notices: Notices,
        *,
        keys: Keys,
        limited: bool,
    ) -> None:
        self._database = database
        self._queue = queue
        self._post = post
        self._passwords = passwords
        self._password_change = password_change
        self._reauthentication = reauthentication
        self._guard = guard
        self._notices = notices
        self._keys = keys
        self._limited = limited

    def register(self, queue: JobQueue) -> None:
        """Tells a worker's queue how links are sent."""
        queue.register(_SEND_PASSWORD_LINK, self.send_password_link)
        queue.register(_SEND_EMAIL_LINK, self.send_email_link)

    async def change_password(self, caller: Caller, present: str, wanted: str) -> None:
        """Another password, by the present one; every other session ends. Raises WrongPassword, WeakPassword."""
        verified = await self._reauthentication.by_password(caller.user_id, present)
        async with self._database.connection() as db:
            user = await repository.find_user(db, caller.user_id)
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        await self._passwords.ensure_strong(wanted, (user.email, user.name), field="new_password")
        fresh = await self._passwords.hash(wanted)
        async with self._database.transaction() as db:
            if await repository.hold(db, user.id, verified) is None:
                raise WrongPassword
            await self._password_change.apply(db, user.id, fresh, "password_changed", kept=caller.session_id)

    async def forget_password(self, email: str) -> None:
        """Has a link sent to the address if it has an account. What is done here is the same if it has none."""
        await self._ask(_SEND_PASSWORD_LINK, email)

    async def ask_verification(self, email: str) -> None:
        """Has a link sent to the address if it has an account that is not verified. The same if it has none."""
        await self._ask(_SEND_EMAIL_LINK, email)

    async def send_password_link(self, run: JobRun, sealed: str) -> None:
        """The job."""
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            account = await self._find(db, sealed)
            if account is not None:
                await token_repository.delete_tokens(db, account.id, "password")  # one link works: the last
                link = await self._link(db, "/reset-password", account.id, "password", account.email, _PASSWORD_HOURS)
                await self._post.send(db, account.email, letters.RESET, link=link)

    async def send_email_link(self, run: JobRun, sealed: str) -> None:
        """The job."""
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            account = await self._find(db, sealed)
            if account is not None and not account.email_verified:
                await self.verify_later(db, account.id, account.email)

    async def verify_later(self, db: Connection, user_id: UUID, email: str) -> None:
        """Sends a link that verifies the address; none where this server sends no mail."""
        if self._post.is_on:
            link = await self._link(db, "/verify-email", user_id, "email", email, _EMAIL_HOURS)
            await self._post.send(db, email, letters.VERIFY, link=link)

    async def reset_password(self, token: str, wanted: str) -> None:
        """Another password, by a link; every session ends. Raises LinkExpired, WeakPassword.

        Who made the account may be another than who owns its address. So where that was not verified before, second
        factors and keys end, too.
        """
        hashed = _hash(token)
        async with self._database.connection() as db:
            holder = _holding(await token_repository.find_holder(db, hashed, "password"))
        await self._passwords.ensure_strong(wanted, (holder.present_email, holder.name), field="password")
        fresh = await self._passwords.hash(wanted)
        async with self._database.transaction() as db:
            user_id = holder.user_id
            await second_factor.lock_owner(db, user_id)  # accounts are locked before links
            if not await token_repository.take_token(db, hashed, "password"):
                raise LinkExpired
            await token_repository.revoke_unproven(db, user_id)
            await self._password_change.apply(db, user_id, fresh, "password_reset", by=user_id, proven=holder.email)

    async def give_password(self, db: Connection, user_id: UUID, wanted: str) -> None:
        """Another password, by whoever runs the server; every session ends. Raises WeakPassword."""
        user = await repository.find_user(db, user_id)
        assert user is not None
        await self._passwords.ensure_strong(wanted, (user.email, user.name), field="password")
        await self._password_change.apply(db, user_id, await self._passwords.hash(wanted), "password_reset")

    async def change_email(self, caller: Caller, email: str, proof: Proof) -> None:
        """Has a link sent to the new address, which alone changes anything; the present one is told.

        Whether somebody has the address is not told: who can read its letters may know. Raises MailOff, InvalidEmail,
        and what the guard does.
        """
        self._post.ensure_on()
        wanted = normal_email(email)
        await self._limit(wanted)
        async with self._guard.changing(caller, proof) as db:
            link = await self._link(db, "/verify-email", caller.user_id, "email", wanted, _EMAIL_HOURS)
            await self._post.send(db, wanted, letters.CHANGE_EMAIL, link=link)
            await audit.record(db, "account.email_change_asked", caller.user_id, account=caller.user_id)
            await self._notices.tell(db, caller.user_id, letters.EMAIL_CHANGE_ASKED)

    async def verify_email(self, begin: Begin, caller: Caller | None, token: str, password: str | None) -> None:
        """The address of a link is the account's, and verified.

        Who reads its letters may be another than who made the account, and must not own up for him. Raises
        LinkExpired, SignInToVerify, WrongPassword and EmailTaken.
        """
        async with self._database.connection() as db:
            holder = _holding(await token_repository.find_holder(db, _hash(token), "email"))
        verified = None
        if caller is None or caller.user_id != holder.user_id:
            if password is None:
                raise SignInToVerify
            if self._limited:
                await count_hit(self._database, _GUESSES, str(holder.user_id))
            verified = await self._reauthentication.by_password(holder.user_id, password)
        db = await begin()
        if verified is not None and await repository.hold(db, holder.user_id, verified) is None:
            raise WrongPassword
        await token_repository.set_email(db, holder.user_id, holder.email)
        if not await token_repository.take_token(db, _hash(token), "email"):
            raise LinkExpired
        user_id = holder.user_id
        if holder.email == holder.present_email:
            await audit.record(db, "account.email_verified", user_id, account=user_id, by=user_id)
            return
        # what was sent to the former address, too
        await token_repository.delete_tokens(db, user_id, "email", "password")
        await audit.record(db, "account.email_changed", user_id, account=user_id, by=user_id)
        if self._post.is_on:
            await self._post.send(db, holder.present_email, letters.EMAIL_CHANGED)

    async def _ask(self, job: str, email: str) -> None:
        self._post.ensure_on()
        await self._limit(spellings(email)[0])
        # sealed as letters are: who reads the database does not find whoever has forgotten a password
        args = {"sealed": (await self._keys.seal(_PURPOSE, email.encode())).decode()}
        async with self._database.transaction() as db:
            await self._queue.enqueue(db, NewJob(name=job, lane="mail", args=args))

    async def _find(self, db: Connection, sealed: str) -> repository.Account | None:
        try:
            email = (await self._keys.open(_PURPOSE, sealed.encode())).decode()
        except NotOpenedError:
            raise GiveUpError("The address was sealed by a key that is no longer here.") from None
        return await repository.find_account(db, *spellings(email))

    async def _limit(self, email: str) -> None:
        if self._limited:
            await count_hit(self._database, _LETTERS, hashlib.sha256(email.lower().encode()).hexdigest())

    async def _link(self, db: Connection, page: str, user_id: UUID, purpose: Purpose, email: str, hours: int) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await token_repository.insert_token(db, _hash(token), user_id, purpose, email, hours=hours)
        return self._post.link(page, token)


def _holding(holder: Holder | None) -> Holder:
    if holder is None:
        raise LinkExpired
    return holder


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
