"""Decisions about signing in by a provider, and about linking one to an account."""

from collections.abc import Iterable
from uuid import UUID

from matinee.common.clock import Clock
from matinee.common.config import SignInProvider
from matinee.common.database import Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.keys.ring import Keys
from matinee.modules import audit
from matinee.modules.auth import letters
from matinee.modules.auth.devices import Device
from matinee.modules.auth.errors import EmailTaken, InvalidEmail, SecondFactorRequired
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof, Tokens, User
from matinee.modules.auth.service import AuthService
from matinee.modules.auth.sessions import Sessions
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.service import SecondFactor
from matinee.modules.sign_in_providers import repository
from matinee.modules.sign_in_providers.errors import (
    LinkNotFound,
    NoVerifiedEmail,
    ProviderNotFound,
    ProviderRefused,
    SignInToLink,
)
from matinee.modules.sign_in_providers.issuer import Identity, Issuer
from matinee.modules.sign_in_providers.journey import Journeys
from matinee.modules.sign_in_providers.schemas import (
    LinkedSignIn,
    LinkedSignIns,
    Provider,
    Providers,
    Return,
    SignInReturn,
)


class SignInProviders:
    """The issuers that the settings name. Who somebody is says the pair of issuer and subject, never an address."""

    def __init__(
        self,
        database: Database,
        providers: Iterable[SignInProvider],
        auth: AuthService,
        sessions: Sessions,
        second_factor: SecondFactor,
        guard: Guard,
        notices: Notices,
        *,
        public_url: str,
        keys: Keys,
        clock: Clock,
    ) -> None:
        self._database = database
        self._auth = auth
        self._sessions = sessions
        self._second_factor = second_factor
        self._guard = guard
        self._notices = notices
        self._journeys = Journeys(keys, clock=clock)
        address = public_url.rstrip("/")
        self._issuers = {each.id: Issuer(each, f"{address}/signed-in/{each.id}") for each in providers}

    def list_all(self) -> Providers:
        """What the pages offer."""
        known = (issuer.provider for issuer in self._issuers.values())
        return Providers(items=[Provider(id=each.id, name=each.name) for each in known])

    async def depart(self, provider_id: str, device_name: str = "", user_id: UUID | None = None) -> tuple[str, str]:
        """Where the browser goes, and what it carries until it is back. Raises ProviderUnavailable."""
        issuer = self._issuer(provider_id)
        journey, carried = self._journeys.begin(provider_id, device_name, user_id)
        return await issuer.departure(journey.state, journey.nonce, journey.verifier), carried

    async def depart_to_link(self, caller: Caller, provider_id: str, proof: Proof) -> tuple[str, str]:
        """The same, for a signed-in user who wants to sign in like this, too. Raises what the guard does."""
        await self._guard.ensure(caller, proof)
        return await self.depart(provider_id, user_id=caller.user_id)

    async def sign_in(self, provider_id: str, returned: SignInReturn, carried: str | None, device: Device) -> Tokens:
        """Opens a session, of a new account where there is none. Raises SecondFactorRequired where that is on."""
        identity, issuer, device_name = await self._identity(provider_id, returned, carried, None)
        async with self._database.transaction() as db:
            user = await repository.use_link(db, issuer, identity.sub)
            if user is None:
                user = await self._register(db, identity)
                await self._link(db, user.id, issuer, identity)
            pending = await self._second_factor.ask(db, user.id, device_name)
            if pending is None:
                return await self._sessions.open(db, user, device_name, device, restore=returned.restore)
        # raised after the commit, which keeps the challenge
        raise SecondFactorRequired(pending)

    async def link(self, caller: Caller, provider_id: str, returned: Return, carried: str | None) -> LinkedSignIn:
        """From now on the provider's word signs in to this account. Raises LinkedElsewhere."""
        user_id = caller.user_id
        identity, issuer, _ = await self._identity(provider_id, returned, carried, user_id)
        async with self._database.transaction() as db:
            await self._guard.hold(db, caller)
            made = await self._link(db, user_id, issuer, identity)
            await self._notices.tell(db, user_id, letters.SIGN_IN_LINKED)
        return made

    async def list_links(self, db: Connection, user_id: UUID) -> LinkedSignIns:
        """All linked sign-ins of an account."""
        return LinkedSignIns(items=await repository.list_links(db, user_id))

    async def unlink(self, caller: Caller, link_id: UUID, proof: Proof) -> None:
        """It opens nothing any more. Raises LinkNotFound, LastWayIn, and what the guard does."""
        async with self._guard.changing(caller, proof) as db:
            if not await repository.delete_link(db, caller.user_id, link_id):
                raise LinkNotFound
            await audit.record(db, "account.sign_in_unlinked", caller.user_id, account=caller.user_id)
            await self._notices.tell(db, caller.user_id, letters.SIGN_IN_UNLINKED)

    async def _identity(
        self, provider_id: str, returned: Return, carried: str | None, user_id: UUID | None
    ) -> tuple[Identity, str, str]:
        """Who came back, by whose word, and on which device."""
        issuer = self._issuer(provider_id)
        journey = self._journeys.end(carried, provider_id, returned.state, user_id)
        if journey is None:
            raise ProviderRefused
        identity = await issuer.identity(returned.code, journey.nonce, journey.verifier)
        return identity, issuer.provider.issuer, journey.device_name

    async def _register(self, db: Connection, identity: Identity) -> User:
        if identity.email is None or not identity.email_verified:
            raise NoVerifiedEmail
        try:
            return await self._auth.register_verified(db, identity.email, identity.display_name)
        except InvalidEmail:
            raise NoVerifiedEmail from None
        except EmailTaken:
            raise SignInToLink from None

    async def _link(self, db: Connection, user_id: UUID, issuer: str, identity: Identity) -> LinkedSignIn:
        made = await repository.insert_link(db, user_id, issuer, identity.sub, identity.label)
        await audit.record(db, "account.sign_in_linked", user_id, account=user_id, by=user_id, issuer=issuer)
        return made

    def _issuer(self, provider_id: str) -> Issuer:
        issuer = self._issuers.get(provider_id)
        if issuer is None:
            raise ProviderNotFound
        return issuer
