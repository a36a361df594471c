"""What a passkey signed, verified by py_webauthn; no database, no HTTP."""

import json
from uuid import UUID

import msgspec
import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from matinee.modules.auth.schemas import User
from matinee.modules.passkeys.errors import PasskeyRefused
from matinee.modules.passkeys.schemas import Credential, NewCredential, PasskeyOptions

log = structlog.get_logger()

CHALLENGE_SECONDS = 300
_TIMEOUT_MS = CHALLENGE_SECONDS * 1000


class RelyingParty:
    """This server, as passkeys know it: a host name, and the one origin that may ask for them."""

    def __init__(self, *, host: str, origin: str) -> None:
        self._host = host
        self._origin = origin

    def creation_options(self, user: User, challenge: bytes, known: list[bytes]) -> PasskeyOptions:
        """For a new passkey, on none of the devices that have one. It is one that needs no user name to be found."""
        options = generate_registration_options(
            rp_id=self._host,
            rp_name="Matinee",
            user_id=user.id.bytes,
            user_name=user.email,
            user_display_name=user.name,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
        )
        return PasskeyOptions(public_key=options_to_json_dict(options))

    def request_options(self, challenge: bytes, allowed: list[bytes]) -> PasskeyOptions:
        """For an answer of one of these passkeys; of none given, of whichever its owner chooses."""
        options = generate_authentication_options(
            rp_id=self._host,
            challenge=challenge,
            timeout=_TIMEOUT_MS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in allowed],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return PasskeyOptions(public_key=options_to_json_dict(options))

    def verify_new(self, credential: NewCredential, challenge: bytes) -> VerifiedRegistration:
        """A new passkey; raises PasskeyRefused."""
        try:
            return verify_registration_response(
                credential=msgspec.to_builtins(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                require_user_verification=True,
            )
        except Exception as error:  # noqa: BLE001  # whatever four parsers make of bytes that anybody may send
            raise _refused(error) from None

    def verify(
        self, credential: Credential, challenge: bytes, public_key: bytes, count: int
    ) -> VerifiedAuthentication:
        """A passkey's answer; raises PasskeyRefused, also where its counter did not go on: it may be a copy."""
        try:
            return verify_authentication_response(
                credential=msgspec.to_builtins(credential),
                expected_challenge=challenge,
                expected_rp_id=self._host,
                expected_origin=self._origin,
                credential_public_key=public_key,
                credential_current_sign_count=count,
                require_user_verification=True,
            )
        except Exception as error:  # noqa: BLE001  # as above
            raise _refused(error) from None


def signed_challenge(credential: NewCredential | Credential) -> bytes:
    """The challenge that it says to answer, not verified; raises PasskeyRefused."""
    try:
        return base64url_to_bytes(json.loads(base64url_to_bytes(credential.response.client_data_json))["challenge"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _refused(error) from None


def credential_id(credential: Credential) -> bytes:
    """What the passkey is known by; raises PasskeyRefused."""
    try:
        return base64url_to_bytes(credential.raw_id)
    except ValueError as error:
        raise _refused(error) from None


def names_owner(credential: Credential, user_id: UUID) -> bool:
    """Whether the passkey was made for this account."""
    try:
        return base64url_to_bytes(credential.response.user_handle or "") == user_id.bytes
    except ValueError:
        return False


def _refused(error: Exception) -> PasskeyRefused:
    log.info("passkey_refused", reason=str(error)[:200])
    return PasskeyRefused()
