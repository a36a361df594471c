"""Wire types of whole accounts."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from matinee.modules.auth.schemas import Proof


class NewExport(Proof, kw_only=True, forbid_unknown_fields=True):
    """What an export is to hold, and the proof that it is you who asks."""

    include_files: Annotated[
        bool, Meta(description="The uploaded files themselves; otherwise addresses that hold for twelve hours.")
    ] = False


class Foreseen(msgspec.Struct, frozen=True):
    """What would become of an account that is deleted now."""

    erase_at: Annotated[datetime, Meta(description="Until then it could be restored; then everything goes.")]


class AccountExport(msgspec.Struct, frozen=True):
    """All of an account as a ZIP archive, or several."""

    state: Annotated[
        Literal["making", "ready", "failed"],
        Meta(description="`failed`: ask for it again. So is one that ended with what signed the account out."),
    ]
    percent: Annotated[int, Meta(description="How far it is.")]
    asked_at: Annotated[datetime, Meta(description="When it was asked for.")]
    include_files: Annotated[bool, Meta(description="Whether the uploaded files are in it.")]
    ready_at: Annotated[datetime | None, Meta(description="When it was complete; null: it is not.")]
    expires_at: Annotated[datetime | None, Meta(description="Until when it can be fetched.")]
    size: Annotated[int | None, Meta(description="Its bytes.")]
    archives: Annotated[int | None, Meta(description="Of how many it is: each has about 100 GB of files at most.")]


class ExportAddresses(msgspec.Struct, frozen=True):
    """Where an export is fetched."""

    urls: Annotated[
        list[str],
        Meta(description="One for each archive. Whoever has it needs nothing else; ask again for others."),
    ]
    expires_in: Annotated[int, Meta(description="Seconds within which to begin.", examples=[300])]


class LinkedFile(msgspec.Struct, frozen=True):
    """An uploaded file, in the archive's `files.json`."""

    video_id: UUID
    filename: str
    size: int
    url: str
