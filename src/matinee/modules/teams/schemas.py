"""Wire types of teams."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.http.authentication import TeamRole
from matinee.common.text import Text
from matinee.modules.auth.schemas import Email, Name

TeamId = Annotated[UUID, Meta(description="The team's id.")]
MemberId = Annotated[UUID, Meta(description="The account's id.")]
InvitationId = Annotated[UUID, Meta(description="The invitation's id.")]
RoleField = Annotated[
    TeamRole,
    Meta(
        description="`viewer`: sees all of the team's videos · `editor`: uploads, changes and deletes them as well · "
        "`owner`: decides about the team, too."
    ),
]
_Description = Annotated[Text, Meta(max_length=500, description="A few words.", examples=["All that we film."])]
_TeamName = Annotated[str, Meta(description="Shown with its videos.", examples=["Harbour Films"])]


class Team(msgspec.Struct, kw_only=True):
    """A team, as its members see it."""

    id: TeamId
    name: _TeamName
    description: _Description
    role: Annotated[RoleField | None, Meta(description="Yours; null for an administrator who does not belong to it.")]
    created_at: Annotated[datetime, Meta(description="When it was made.")]


class Teams(msgspec.Struct, kw_only=True):
    """The teams that somebody belongs to."""

    items: Annotated[list[Team], Meta(description="By name; fifty at most.")]


class NewTeam(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A team to make."""

    name: Name
    description: _Description = ""


class TeamChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What to change; fields left out stay as they are."""

    name: Name | UnsetType = UNSET
    description: _Description | UnsetType = UNSET


class Member(msgspec.Struct, kw_only=True):
    """Somebody who belongs to a team."""

    id: MemberId
    name: Annotated[str, Meta(description="The account's name.", examples=["Ada"])]
    role: RoleField
    since: Annotated[datetime, Meta(description="When he joined.")]


class MemberPage(msgspec.Struct, kw_only=True):
    """A page of members, who joined last first."""

    items: Annotated[list[Member], Meta(description="As many as `limit` allows.")]
    next_cursor: Annotated[str | None, Meta(description="Pass it as `cursor` for the next page; null at the end.")]


class RoleChange(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a member is to be."""

    role: RoleField


class NewInvitation(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Somebody to invite."""

    email: Email
    role: RoleField


class TeamInvitation(msgspec.Struct, kw_only=True):
    """Somebody who is asked to join, and has not answered yet."""

    id: InvitationId
    email: Annotated[str, Meta(description="Whom it is for.", examples=["grace@example.org"])]
    role: RoleField
    created_at: Annotated[datetime, Meta(description="When it was sent.")]
    expires_at: Annotated[datetime, Meta(description="When it can be accepted no more.")]


class SentInvitation(TeamInvitation, kw_only=True):
    """An invitation that was just sent."""

    link: Annotated[
        str | None,
        Meta(
            description="Where it is accepted, for you to hand on: this server sends no mail. null: it was mailed.",
            examples=["https://video.example.org/join#3q2-7w"],
        ),
    ]


class TeamInvitations(msgspec.Struct, kw_only=True):
    """Who is asked to join a team."""

    items: Annotated[list[TeamInvitation], Meta(description="The newest first; a hundred at most.")]


class InvitationToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What shows that an invitation was received."""

    token: Annotated[str, Meta(min_length=1, max_length=100, description="What stands behind the `#` of its link.")]


class InvitationShown(msgspec.Struct, kw_only=True):
    """What an invitation is for."""

    team: _TeamName
    invited_by: Annotated[str | None, Meta(description="Who has sent it; null: the account is gone.")]
    email: Annotated[str, Meta(description="Of the account that may accept it.", examples=["grace@example.org"])]
    role: RoleField
    expires_at: Annotated[datetime, Meta(description="When it can be accepted no more.")]
