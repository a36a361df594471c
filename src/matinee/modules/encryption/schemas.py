"""Wire types of keys."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.text import END
from matinee.media.encryption.model import Track
from matinee.modules.videos.schemas import EncryptionField

KeyText = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9_-]{{22}}{END}",
        description="16 bytes in base64url without padding.",
        examples=["AAECAwQFBgcICQoLDA0ODw"],
    ),
]
Duration = Annotated[
    Literal["temporary", "persistent-license"], Meta(description="For how long the player asks for them.")
]


class LicenceRequest(msgspec.Struct, kw_only=True):
    """What a browser's ClearKey asks for (Encrypted Media Extensions, 9.1.3)."""

    kids: Annotated[list[KeyText], Meta(min_length=1, max_length=16, description="The ids of the keys.")]
    type: Duration = "temporary"


class LicenceKey(msgspec.Struct, kw_only=True):
    """A key as a JSON Web Key."""

    kty: Annotated[Literal["oct"], Meta(description="A key that both sides know.")] = "oct"
    kid: KeyText
    k: KeyText


class Licence(msgspec.Struct, kw_only=True):
    """What a browser's ClearKey gets (Encrypted Media Extensions, 9.1.4)."""

    keys: Annotated[list[LicenceKey], Meta(description="Those of the video; others are left out.")]
    type: Duration


class ExportedKey(msgspec.Struct, kw_only=True):
    """A key, for a licence server."""

    track: Annotated[Track, Meta(description="What it is for.")]
    kid: Annotated[UUID, Meta(description="Its id, as manifests and init segments name it.")]
    key: Annotated[str, Meta(description="16 bytes in base64.", examples=["EBESExQVFhcYGRobHB0eHw=="])]
    iv: Annotated[
        Annotated[str, Meta(examples=["KCkqKywtLi8wMTIzNDU2Nw=="])] | None,
        Meta(description="The initialization vector of every sample, in base64, with `cbcs`; null with `cenc`."),
    ]


class ExportedKeys(msgspec.Struct, kw_only=True):
    """The keys of a video's samples."""

    encryption: EncryptionField
    version: Annotated[int, Meta(ge=1, description="Counts how often the video got new keys, from 1.")]
    items: Annotated[list[ExportedKey], Meta(description="Empty unless it is encrypted by `cenc` or `cbcs`.")]
