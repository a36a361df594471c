"""Wire types of playback tokens and the keys that sign them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.text import LINE
from matinee.modules.auth.schemas import Proof
from matinee.modules.tokens.repository import Algorithm
from matinee.modules.tokens.rules import EVERY_KIND, LONGEST, Country, Height, Host, Kinds, Network, Second
from matinee.modules.videos.schemas import Playback

KindsField = Annotated[
    Kinds,
    Meta(
        description=(
            "What it opens. `video`: playlists, segments, captions and what is said of the video · `thumbnail`: "
            "posters, thumbnails, previews · `storyboard`: the pictures for the time line · `download`: files."
        )
    ),
]


class NewPlaybackToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A playback token that is wanted."""

    holder: Annotated[
        Literal["me", "anyone"],
        Meta(
            description=(
                "`me`: it opens what you may see, for as long as you may and some minutes at most · `anyone`: it "
                "opens the video to whoever holds it, if that is public, unlisted or signed; for its owner to make."
            )
        ),
    ] = "me"
    kinds: KindsField = msgspec.field(default_factory=lambda: list(EVERY_KIND))
    lifetime: (
        Annotated[
            int,
            Meta(
                ge=10,
                le=int(LONGEST.total_seconds()),
                description="Seconds, 600 unless said otherwise; of one for yourself some minutes at most.",
            ),
        ]
        | UnsetType
    ) = UNSET
    viewer: Annotated[str, Meta(max_length=128, pattern=LINE, description="A name for its holder, for the log.")] = ""
    referrers: Annotated[
        list[Host],
        Meta(max_length=32, description="Hosts whose pages may play it; `*.example.org` for all below one."),
    ] = []
    networks: Annotated[
        list[Network], Meta(max_length=32, description="Addresses or networks (CIDR) it is for.")
    ] = []
    countries: Annotated[
        list[Country],
        Meta(max_length=250, description="ISO 3166-1 codes. Needs a proxy that tells the country: see the docs."),
    ] = []
    start: Annotated[Second, Meta(description="Seconds; nothing before is opened, rounded to segments.")] = 0.0
    end: Annotated[
        Second | None, Meta(description="Seconds; nothing behind is opened, rounded to segments. null: to its end.")
    ] = None
    max_height: Annotated[
        Height | None, Meta(description="Lines of the largest picture that is opened; null: all of them.")
    ] = None


class PlaybackToken(msgspec.Struct, kw_only=True):
    """A playback token and the addresses that it stands in."""

    token: Annotated[str, Meta(description="A JWT.")]
    expires_at: Annotated[datetime, Meta(description="When its addresses stop working.")]
    expires_in: Annotated[int, Meta(description="Seconds until then.", examples=[600])]
    prefix: Annotated[
        str,
        Meta(description="What to put before any path of the video that it opens.", examples=["/t/eyJhbGciOi…"]),
    ]
    playback: Annotated[Playback | None, Meta(description="Where to play the video; null until it is READY.")]


class Unlock(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What somebody takes for the video's password."""

    password: Annotated[str, Meta(max_length=128, description="The password.")]


class NewSigningKey(Proof, kw_only=True, forbid_unknown_fields=True):
    """A key that is wanted, and the proof that it is you who asks."""

    owner: Annotated[
        UUID | None,
        Meta(description="The team whose videos it opens, of which you are an owner; null: your own."),
    ] = None
    name: Annotated[
        str, Meta(min_length=1, max_length=100, pattern=LINE, description="For you.", examples=["web shop"])
    ]
    algorithm: Annotated[Algorithm, Meta(description="Ed25519, or RSA of 2048 bits with SHA-256.")] = "EdDSA"


class SigningKey(msgspec.Struct, kw_only=True):
    """A key that you sign playback tokens with."""

    id: Annotated[UUID, Meta(description="The `kid` in the header of each token.")]
    name: Annotated[str, Meta(description="What you called it.")]
    algorithm: Annotated[Algorithm, Meta(description="The `alg` in the header of each token.")]
    made_by: Annotated[
        UUID | None,
        Meta(description="The account that made it, and may know its private half still; null: it is gone."),
    ]
    created_at: Annotated[datetime, Meta(description="When it was made.")]


class NewlyMadeKey(SigningKey, kw_only=True):
    """A key with its private half, which is told once and not kept here."""

    private_key: Annotated[str, Meta(description="PKCS #8, PEM. Keep it secret: it opens your signed videos.")]


class KeysQuery(msgspec.Struct, kw_only=True):
    """Whose keys."""

    owner: Annotated[UUID, Meta(description="A team whose owner you are; else they are yours.")] | UnsetType = UNSET


class SigningKeys(msgspec.Struct, kw_only=True):
    """Your keys."""

    items: Annotated[list[SigningKey], Meta(description="The oldest first; ten at most.")]


class KeySet(msgspec.Struct, kw_only=True):
    """A JWK Set (RFC 7517)."""

    keys: Annotated[list[dict[str, Any]], Meta(description="Public keys, each with `kid`, `alg` and `use`.")]
