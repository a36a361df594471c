"""What playback tokens say, and whom they are meant for: pure decisions."""

import ipaddress
from datetime import timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.common.http.authentication import Caller, Role
from matinee.common.http.viewer import Bearer, Grant, Kind
from matinee.common.text import END, LINE

LONGEST = timedelta(days=7)
"""What is signed for longer is refused: whoever leaks it, it dies."""
LONGEST_UNLOCKED = timedelta(days=1)
"""So long a password that was told once is good for; then it is asked for again."""
EVERY_KIND: tuple[Kind, ...] = ("video", "thumbnail", "storyboard", "download")

Kinds = Annotated[list[Kind], Meta(min_length=1, max_length=len(EVERY_KIND))]
Host = Annotated[str, Meta(pattern=rf"^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*{END}", max_length=253)]
Network = Annotated[str, Meta(pattern=rf"^[0-9a-fA-F:.]+(/[0-9]{{1,3}})?{END}", max_length=64)]
Country = Annotated[str, Meta(pattern=rf"^[A-Z]{{2}}{END}")]
Second = Annotated[float, Meta(ge=0, le=10_000_000)]
Height = Annotated[int, Meta(ge=1, le=100_000)]


class Conditions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a token demands of its bearer, and what it keeps back of the video. An empty list demands nothing."""

    viewer: Annotated[str, Meta(max_length=128, pattern=LINE)] = ""
    """Whom its maker gave it to, in words of his own; it is logged."""
    referrers: Annotated[list[Host], Meta(max_length=32)] = []
    networks: Annotated[list[Network], Meta(max_length=32)] = []
    countries: Annotated[list[Country], Meta(max_length=250)] = []
    start: Second = 0.0
    end: Second | None = None
    max_height: Height | None = None


class Claims(Conditions, frozen=True, kw_only=True, omit_defaults=True):
    """A token's content (RFC 7519). The last six stand in those of the server alone."""

    sub: UUID
    aud: Kind | Kinds
    exp: int
    nbf: int | None = None
    account: UUID | None = None
    role: Role | None = None
    session: UUID | None = None
    team: UUID | None = None
    """Whose the video was, where its account belongs to a team: whether it still does is asked at each use."""
    password: UUID | None = None
    since: int | None = None
    """When the password was told."""

    @property
    def claims_what_we_alone_may(self) -> bool:
        """Whether it stands for an account or a password: nobody else can know whom it would let in."""
        ours = (self.account, self.role, self.session, self.team, self.password, self.since)
        return any(value is not None for value in ours)

    @property
    def is_for_anyone(self) -> bool:
        """Whether it is the same whoever presents it."""
        return not (self.referrers or self.networks or self.countries)

    def grant(self, issuer: UUID | None) -> Grant:
        """What it allows, signed by the key of `issuer` (None: the server's)."""
        account = None
        if self.account is not None and self.role is not None:
            account = Caller(self.account, self.role, self.session)
        return Grant(
            video_id=self.sub,
            kinds=frozenset([self.aud] if isinstance(self.aud, str) else self.aud),
            issuer=issuer,
            account=account,
            password_id=self.password,
            since=self.since or 0.0,
            expires_at=self.exp,
            is_bound=not self.is_for_anyone,
            start=self.start,
            end=self.end,
            max_height=self.max_height,
        )


def refusal(conditions: Conditions, bearer: Bearer) -> str | None:
    """Why the token is not for its bearer, in a sentence; None where it is."""
    if conditions.referrers and not any(_is_host(bearer.site, allowed) for allowed in conditions.referrers):
        return f"This token is for pages of {', '.join(conditions.referrers)}."
    if conditions.networks and not any(_is_in(bearer.address, network) for network in conditions.networks):
        return "This token is for other networks than yours."
    if conditions.countries and bearer.country not in conditions.countries:
        return "This token is for other countries than yours."
    return None


def misplaced(conditions: Conditions) -> str | None:
    """What is wrong with the conditions themselves, in a sentence."""
    if conditions.end is not None and conditions.end <= conditions.start:
        return "`end` must come after `start`."
    for network in conditions.networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            return f"{network!r} is no address and no network (CIDR) without bits behind its mask."
    return None


def _is_host(host: str | None, allowed: str) -> bool:
    if host is None:
        return False
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def _is_in(address: str, network: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
        mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
        return (mapped or ip) in ipaddress.ip_network(network)
    except ValueError:
        return False
