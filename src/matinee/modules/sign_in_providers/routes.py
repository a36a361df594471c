"""HTTP in and out of sign-in providers."""

from matinee.common.database import Connection
from matinee.common.http.authentication import EmailNotVerified
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.http.rate_limits import RateLimit
from matinee.modules.auth.cookie import BASE, DEVICE, Cookie, SignInCookies
from matinee.modules.auth.errors import (
    AccountClosed,
    AccountSuspended,
    InvitationNeeded,
    RegistrationClosed,
    SecondFactorRequired,
)
from matinee.modules.auth.schemas import Proof, Tokens
from matinee.modules.second_factor.errors import LastWayIn
from matinee.modules.second_factor.routes import GUARDED, PROOFS
from matinee.modules.sign_in_providers.errors import (
    LinkedElsewhere,
    LinkNotFound,
    NoVerifiedEmail,
    ProviderNotFound,
    ProviderRefused,
    ProviderUnavailable,
    SignInToLink,
)
from matinee.modules.sign_in_providers.journey import LIFETIME
from matinee.modules.sign_in_providers.schemas import (
    BeginSignIn,
    Departure,
    LinkedSignIn,
    LinkedSignIns,
    LinkId,
    ProviderId,
    Providers,
    Return,
    SignInReturn,
)
from matinee.modules.sign_in_providers.service import SignInProviders

TAG = "sign-in providers"
PATH = f"{BASE}/providers"
LINKS = f"{BASE}/linked-sign-ins"
_JOURNEY = Cookie("matinee_journey", "What the browser was given when it was sent to the provider.")


class SignInProviderRoutes:
    """Operations under /api/v1/auth/providers and /api/v1/auth/linked-sign-ins."""

    def __init__(self, providers: SignInProviders, cookies: SignInCookies) -> None:
        self._providers = providers
        self._cookies = cookies

    @operation("GET", PATH, tag=TAG, access=Access.PUBLIC)
    async def list_sign_in_providers(self) -> Providers:
        """By whose word one can sign in."""
        return self._providers.list_all()

    @operation(
        "POST",
        f"{PATH}/{{provider_id}}/begin",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(ProviderNotFound, ProviderUnavailable),
        limit=RateLimit("provider", 30, 60),
        sets_cookie=True,
    )
    async def begin_provider_sign_in(self, call: Call, provider_id: ProviderId, body: BeginSignIn) -> Departure:
        """Begin to sign in by a provider.

        Send the browser to the address. It comes back to the page `/signed-in/{provider_id}`, within ten minutes.
        """
        return self._departure(call, await self._providers.depart(provider_id, body.device_name))

    @operation(
        "POST",
        f"{PATH}/{{provider_id}}/sign-in",
        tag=TAG,
        access=Access.PUBLIC,
        errors=(
            ProviderNotFound,
            ProviderUnavailable,
            ProviderRefused,
            NoVerifiedEmail,
            SignInToLink,
            SecondFactorRequired,
            AccountSuspended,
            AccountClosed,
            EmailNotVerified,
            RegistrationClosed,
            InvitationNeeded,
        ),
        limit=RateLimit("provider", 30, 60),
        accepts=(*_JOURNEY.parameters, *DEVICE.parameters),
        sets_cookie=True,
    )
    async def sign_in_by_provider(self, call: Call, provider_id: ProviderId, body: SignInReturn) -> Tokens:
        """Complete a sign-in by a provider.

        Who signs in for the first time gets an account, if the provider has verified the e-mail address and no
        account has it. One that has it must be signed in to, and be linked there.
        """
        tokens = await self._providers.sign_in(provider_id, body, _JOURNEY.read(call), self._cookies.device(call))
        _JOURNEY.send(call, "", 0)
        self._cookies.open(call, tokens)
        return tokens

    @operation(
        "POST",
        f"{PATH}/{{provider_id}}/begin-link",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, ProviderNotFound, ProviderUnavailable),
        limit=PROOFS,
        sets_cookie=True,
    )
    async def begin_link(self, call: Call, provider_id: ProviderId, body: Proof) -> Departure:
        """Begin to link a provider to the account, by the password or a code."""
        return self._departure(call, await self._providers.depart_to_link(call.user, provider_id, body))

    @operation(
        "POST",
        f"{PATH}/{{provider_id}}/link",
        tag=TAG,
        access=Access.PERSON,
        status=201,
        errors=(ProviderNotFound, ProviderUnavailable, ProviderRefused, LinkedElsewhere),
        limit=RateLimit("link", 30, 3600, by="user"),
        accepts=_JOURNEY.parameters,
        sets_cookie=True,
    )
    async def link_provider(self, call: Call, provider_id: ProviderId, body: Return) -> LinkedSignIn:
        """Link a provider to the account: its word signs in from now on."""
        made = await self._providers.link(call.user, provider_id, body, _JOURNEY.read(call))
        _JOURNEY.send(call, "", 0)
        return made

    @operation("GET", LINKS, tag=TAG, access=Access.PERSON)
    async def list_linked_sign_ins(self, call: Call, db: Connection) -> LinkedSignIns:
        """The signed-in user's linked sign-ins."""
        return await self._providers.list_links(db, call.user.user_id)

    @operation(
        "POST",
        f"{LINKS}/{{link_id}}/remove",
        tag=TAG,
        access=Access.PERSON,
        errors=(*GUARDED, LinkNotFound, LastWayIn),
        limit=PROOFS,
    )
    async def unlink_provider(self, call: Call, link_id: LinkId, body: Proof) -> None:
        """Unlink a provider, by the password or a code.

        The last way to sign in stays: set a password or register a passkey first.
        """
        await self._providers.unlink(call.user, link_id, body)

    def _departure(self, call: Call, departure: tuple[str, str]) -> Departure:
        url, carried = departure
        _JOURNEY.send(call, carried, LIFETIME)
        return Departure(url=url)
