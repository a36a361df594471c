"""Keys that a token of a PKCS #11 module holds: they derive and sign there, and never leave it."""

import asyncio
import contextlib
import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from matinee.common.keys.port import KeysUnavailable

_CURVE = {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
_KEPT: dict[Attribute, Any] = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
# Seconds for an answer. Longer: whoever signs in keeps a connection to the database meanwhile from all who do not.
_PATIENCE = 3.0
# All modules are asked by one thread: the library tells them that this is a program with no other.
_thread = ThreadPoolExecutor(1, thread_name_prefix="keys")

Answer = TypeVar("Answer")


class Token:
    """A token, logged in to when it is first asked."""

    def __init__(self, module: str, label: str, pin: str, *, makes: bool = False) -> None:
        """`makes`: keys are to be made in it."""
        self._module = module
        self._label = label
        self._pin = pin
        self._makes = makes
        self._session: pkcs11.Session | None = None
        self._is_refused = False
        self._found: dict[tuple[ObjectClass, str], Any] = {}

    def ask(self, work: Callable[[], Answer]) -> Future[Answer]:
        """Does it in the thread of modules, once again in a new session where it fails; raises KeysUnavailable."""
        return _thread.submit(self._ask, work)

    async def answer(self, work: Callable[[], Answer]) -> Answer:
        """Does it while others go on; raises KeysUnavailable, also where the module is silent for too long."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await asyncio.wrap_future(self.ask(work))
        except TimeoutError:
            raise KeysUnavailable from None

    def answer_now(self, work: Callable[[], Answer]) -> Answer:
        """The same, blocking."""
        asked = self.ask(work)
        try:
            return asked.result(_PATIENCE)
        except TimeoutError:
            asked.cancel()
            raise KeysUnavailable from None

    def session(self) -> pkcs11.Session:
        """Within `ask`: where keys are made and looked for."""
        if self._is_refused:  # modules count wrong PINs, and lock the token for everybody
            raise pkcs11.PinIncorrect
        if self._session is None:
            token = pkcs11.lib(self._module).get_token(token_label=self._label)
            try:
                self._session = token.open(rw=self._makes, user_pin=self._pin)
            except pkcs11.UserAlreadyLoggedIn:  # by this very process
                self._session = token.open(rw=self._makes)
            except pkcs11.PinIncorrect:
                self._is_refused = True
                raise
        return self._session

    def find(self, kind: ObjectClass, label: str) -> Any:
        """Within `ask`: a key of the token."""
        if (kind, label) not in self._found:
            self._found[kind, label] = self.session().get_key(object_class=kind, label=label)
        return self._found[kind, label]

    def _ask(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except RuntimeError:  # of the module, or of what loads it
            self._leave()
        try:
            return work()
        except RuntimeError as error:
            self._leave()
            what = f"What holds the server's keys does not answer ({type(error).__name__}); try again shortly."
            raise KeysUnavailable(what) from error

    def _leave(self) -> None:
        self._found.clear()
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(pkcs11.PKCS11Error):
                session.close()


class ModuleKey:
    """Two keys of a token by one id: by HMAC-SHA-256 others follow, by ECDSA with P-256 access tokens are signed."""

    algorithm = "ES256"
    verifier: Any = None

    def __init__(self, token: Token, key_id: str) -> None:
        self.id = key_id
        self._token = token
        self._label = f"matinee {key_id}"

    def make(self) -> bool:
        """Makes those of the two that are missing; False where none was."""
        return self._token.ask(self._make).result()

    def load(self) -> None:
        """Reads what tokens are verified with; raises KeysUnavailable, where a key is missing, too."""
        self.verifier = self._token.ask(self._look).result()

    async def derive(self, purpose: bytes, about: bytes = b"") -> bytes:
        return await self._token.answer(lambda: self._derive(purpose, about))

    def derive_now(self, purpose: bytes, about: bytes = b"") -> bytes:
        return self._token.answer_now(lambda: self._derive(purpose, about))

    async def sign(self, message: bytes) -> bytes:
        return await self._token.answer(lambda: self._sign(message))

    def _derive(self, purpose: bytes, about: bytes) -> bytes:
        return bytes(self._deriving().sign(purpose + b"\0" + about, mechanism=Mechanism.SHA256_HMAC))

    def _sign(self, message: bytes) -> bytes:
        return bytes(self._signing().sign(hashlib.sha256(message).digest(), mechanism=Mechanism.ECDSA))

    def _deriving(self) -> Any:
        return self._token.find(ObjectClass.SECRET_KEY, f"{self._label} derives")

    def _signing(self) -> Any:
        return self._token.find(ObjectClass.PRIVATE_KEY, f"{self._label} signs")

    def _look(self) -> Any:
        self._deriving(), self._signing()
        public = self._token.find(ObjectClass.PUBLIC_KEY, f"{self._label} signs")
        return load_der_public_key(encode_ec_public_key(public))

    def _make(self) -> bool:
        session = self._token.session()
        if lacks_deriving := _is_missing(self._deriving):
            session.generate_key(
                KeyType.GENERIC_SECRET,
                256,
                label=f"{self._label} derives",
                store=True,
                mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
                template={**_KEPT, Attribute.SIGN: True, Attribute.VERIFY: True},
            )
        if lacks_signing := _is_missing(self._signing):
            curve = session.create_domain_parameters(KeyType.EC, _CURVE, local=True)
            curve.generate_keypair(label=f"{self._label} signs", store=True, private_template=_KEPT)
        return lacks_deriving or lacks_signing


def _is_missing(find: Callable[[], Any]) -> bool:
    try:
        find()
    except pkcs11.NoSuchKey:
        return True
    return False
