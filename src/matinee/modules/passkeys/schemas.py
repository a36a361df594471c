"""Wire types of passkeys. Options and credentials are those of WebAuthn Level 3, as browsers read and write them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.text import END, LINE
from matinee.modules.auth.schemas import Restore
from matinee.modules.second_factor.schemas import RecoveryCodes

_BASE64URL = rf"^[A-Za-z0-9_-]+{END}"
_SMALL = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=_BASE64URL, description="base64url.")]
_LARGE = Annotated[str, Meta(min_length=1, max_length=32_000, pattern=_BASE64URL, description="base64url.")]

PasskeyId = Annotated[UUID, Meta(description="The passkey's id.")]
PasskeyName = Annotated[
    str,
    Meta(min_length=1, max_length=80, pattern=LINE, description="Tells it from the others.", examples=["Laptop"]),
]
Challenge = Annotated[str, Meta(min_length=1, max_length=200, description="The challenge of `login`.")]


class PasskeyOptions(msgspec.Struct, kw_only=True):
    """What a browser needs in order to ask for a passkey, once, within five minutes."""

    public_key: Annotated[
        dict[str, Any],
        Meta(
            description="For `PublicKeyCredential.parseCreationOptionsFromJSON`, or `parseRequestOptionsFromJSON`.",
            examples=[{"challenge": "tCKHn0X…", "rpId": "videos.example.org", "userVerification": "required"}],
        ),
    ]


class Attestation(
    msgspec.Struct, rename={"client_data_json": "clientDataJSON", "attestation_object": "attestationObject"}
):
    """What a new passkey answers."""

    client_data_json: _LARGE
    attestation_object: _LARGE


class NewCredential(msgspec.Struct, rename={"raw_id": "rawId"}):
    """`credential.toJSON()` of a new passkey."""

    id: _SMALL
    raw_id: _SMALL
    type: Annotated[Literal["public-key"], Meta(description="The only kind there is.")]
    response: Annotated[Attestation, Meta(description="What it answered.")]


class Assertion(
    msgspec.Struct,
    rename={
        "client_data_json": "clientDataJSON",
        "authenticator_data": "authenticatorData",
        "user_handle": "userHandle",
    },
):
    """What a passkey answers."""

    client_data_json: _LARGE
    authenticator_data: _LARGE
    signature: _SMALL
    user_handle: Annotated[
        _SMALL | None, Meta(description="For whom it was made, base64url; null: it does not say.")
    ] = None


class Credential(msgspec.Struct, rename={"raw_id": "rawId"}):
    """`credential.toJSON()` of a passkey that was asked for."""

    id: _SMALL
    raw_id: _SMALL
    type: Annotated[Literal["public-key"], Meta(description="The only kind there is.")]
    response: Annotated[Assertion, Meta(description="What it answered.")]


class NewPasskey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A passkey to register."""

    name: PasskeyName
    credential: Annotated[NewCredential, Meta(description="What the browser answered.")]


class PasskeyChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change."""

    name: PasskeyName


class Passkey(msgspec.Struct):
    """A registered passkey."""

    id: PasskeyId
    name: PasskeyName
    created_at: Annotated[datetime, Meta(description="When it was registered.")]
    last_used_at: Annotated[datetime | None, Meta(description="When it was last used; null: never.")]


class RegisteredPasskey(Passkey, kw_only=True):
    """A passkey that was just registered."""

    recovery_codes: Annotated[
        RecoveryCodes | None,
        Meta(description="Where it is the first second factor of the account: codes for the day when it is lost."),
    ]


class Passkeys(msgspec.Struct, kw_only=True):
    """All passkeys of an account."""

    items: Annotated[list[Passkey], Meta(description="Oldest first.")]


class AskPasskey(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a passkey is wanted for."""

    challenge: Annotated[
        Challenge | None, Meta(description="Where it is the second factor; null: to sign in without a password.")
    ] = None


class PasskeySignIn(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A passkey's answer."""

    credential: Annotated[Credential, Meta(description="What the browser answered.")]
    challenge: Annotated[
        Challenge | None, Meta(description="Where it is the second factor; null: to sign in without a password.")
    ] = None
    device_name: Annotated[
        str, Meta(max_length=80, pattern=LINE, description="Names the session.", examples=["Ada's phone"])
    ] = ""
    restore: Restore = False
