"""HTTP in and out of the accounts' front door."""

from matinee.common.database import Connection
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import EmailNotVerified
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.pagination import InvalidCursor, PageQuery
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.auth import repository
from matinee.modules.auth.cookie import BASE, DEVICE, REFRESH, SignInCookies
from matinee.modules.auth.errors import (
    AccountClosed,
    AccountSuspended,
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidRefreshToken,
    InvitationNeeded,
    LinkExpired,
    NewPasswordRequired,
    RefreshRaced,
    RefreshTokenReplayed,
    RegistrationClosed,
    SecondFactorRequired,
    SessionNotFound,
)
from matinee.modules.auth.schemas import Login, Proof, RefreshToken, Register, SessionId, SessionPage, Tokens, User
from matinee.modules.auth.service import AuthService
from matinee.modules.auth.sessions import Sessions
from matinee.modules.auth.strength import WeakPassword
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.routes import GUARDED

TAG = "auth"
# A thief who has a session open uses up his own tries, not those of the owner who is about to end it.
_ENDING = RateLimit("end_sessions", 60, 3600, by="session", refusals=10)


class AuthRoutes:
    """Operations under /api/v1/auth."""

    def __init__(self, auth: AuthService, sessions: Sessions, guard: Guard, cookies: SignInCookies) -> None:
        self._auth = auth
        self._sessions = sessions
        self._guard = guard
        self._cookies = cookies

    @operation(
        "POST",
        f"{BASE}/register",
        tag=TAG,
        access=Access.PUBLIC,
        status=201,
        errors=(EmailTaken, InvalidEmail, WeakPassword, RegistrationClosed, InvitationNeeded, LinkExpired),
        limit=RateLimit("register", 20, 3600),
        idempotent=True,
    )
    async def register(self, call: Call, body: Register) -> User:
        """Register an account.

        The account can sign in at once, unless this server wants addresses to be verified first. Where it takes
        registrations by invitation alone, `invitation` is the token of one's link. E-mail addresses are compared
        without regard to case, and international ones in one normal form.
        """
        self._auth.ensure_may_register(body)
        password_hash = await self._auth.prepare_registration(body)
        return await self._auth.register(await call.begin(), body, password_hash)

    @operation(
        "POST",
        f"{BASE}/login",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(
            InvalidCredentials,
            NewPasswordRequired,
            WeakPassword,
            AccountSuspended,
            AccountClosed,
            SecondFactorRequired,
            EmailNotVerified,
        ),
        limit=RateLimit("login", 10, 60),
        accepts=DEVICE.parameters,
        sets_cookie=True,
    )
    async def login(self, call: Call, body: Login) -> Tokens:
        """Sign in.

        Opens a session for this device. The refresh token is in the answer for programs, and in an `HttpOnly`
        cookie for browsers. Where the account has a second factor, the answer is `second_factor_required` with a
        challenge, to be sent to `second-factor` with a code. A password that is easily guessed opens nothing
        (`new_password_required`) unless `new_password` comes with it, which is the account's from then on: every
        other session ends, and a letter tells of it. After five wrong passwords from one network each next try must
        wait longer, up to a quarter of an hour.
        """
        tokens = await self._auth.log_in(body, self._cookies.device(call))
        self._cookies.open(call, tokens)
        return tokens

    @operation(
        "POST",
        f"{BASE}/refresh",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidRefreshToken, RefreshTokenReplayed, RefreshRaced),
        limit=RateLimit("refresh", 60, 60),
        accepts=REFRESH.parameters,
        sets_cookie=True,
    )
    async def refresh(self, call: Call, body: RefreshToken) -> Tokens:
        """Trade the refresh token for new tokens.

        A refresh token works once, for seven days. One that comes a second time was stolen or lost, so the whole
        session ends, for whoever holds its newest token too.
        """
        tokens = await self._sessions.refresh(self._presented(call, body), call.arrived, call.ip)
        self._cookies.renew(call, tokens)
        return tokens

    @operation(
        "POST",
        f"{BASE}/logout",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(InvalidRefreshToken,),
        accepts=REFRESH.parameters,
        sets_cookie=True,
    )
    async def logout(self, call: Call, db: Connection, body: RefreshToken) -> None:
        """End the session of this refresh token.

        Access tokens that were given out for it are refused within a second.
        """
        await self._sessions.end(db, self._presented(call, body))
        self._cookies.clear(call)

    @operation(
        "POST",
        f"{BASE}/logout-all",
        tag=TAG,
        access=Access.PERSON,
        errors=GUARDED,
        limit=_ENDING,
        sets_cookie=True,
    )
    async def logout_all(self, call: Call, body: Proof) -> None:
        """End every session of the signed-in user, by the password or a code."""
        async with self._guard.changing(call.user, body) as db:
            await self._sessions.end_all(db, call.user.user_id, "logout_all")
        self._cookies.clear(call)

    @operation("GET", f"{BASE}/sessions", tag=TAG, access=Access.PERSON, errors=(InvalidCursor,))
    async def list_sessions(self, call: Call, db: Connection, query: PageQuery) -> SessionPage:
        """The devices on which the user is signed in.

        Newest first. Those that were ended in the last week are there too, with the reason.
        """
        return await self._sessions.list_own(db, call.user, query)

    @operation("POST", f"{BASE}/sessions/end", tag=TAG, access=Access.PERSON, errors=GUARDED, limit=_ENDING)
    async def end_other_sessions(self, call: Call, body: Proof) -> None:
        """End every session of the user but this one, by the password or a code.

        Their access tokens are refused within a second.
        """
        async with self._guard.changing(call.user, body) as db:
            await self._sessions.end_all(db, call.user.user_id, "revoked", kept=call.user.session_id)

    @operation(
        "POST",
        f"{BASE}/sessions/{{session_id}}/end",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, SessionNotFound),
        limit=_ENDING,
    )
    async def end_session(self, call: Call, session_id: SessionId, body: Proof) -> None:
        """End one session of the user, by the password or a code.

        Its access tokens are refused within a second. The one that asks ends by `logout`, without either.
        """
        async with self._guard.changing(call.user, body) as db:
            await self._sessions.revoke(db, call.user.user_id, session_id)

    @operation("GET", f"{BASE}/me", tag=TAG, scope="account:read")
    async def me(self, call: Call, db: Connection) -> User:
        """The signed-in user."""
        user = await repository.find_user(db, call.user.user_id)
        if user is None:
            raise Unauthenticated("This account no longer exists.")
        return user

    def _presented(self, call: Call, body: RefreshToken) -> str:
        """The refresh token of a request: from the body, else from the cookie."""
        token = body.refresh_token or self._cookies.refresh_token(call)
        if not token:
            raise InvalidRefreshToken("Send the refresh token in the body, or as the cookie that signing in set.")
        return token
