"""Wire types of imports."""

from typing import Annotated

import msgspec
from msgspec import Meta

from matinee.common.text import END
from matinee.modules.encoding.schemas import Codecs, EncodePolicy
from matinee.modules.videos.schemas import (
    Description,
    EncryptionField,
    OwnerField,
    Tags,
    TextLanguage,
    Title,
    VisibilityChoice,
)


class NewImport(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A video whose file lies at an address on the web."""

    url: Annotated[
        str,
        Meta(
            max_length=2000,
            pattern=rf"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+{END}",
            description="Where the file is: http or https, without a user's name or password.",
            examples=["https://films.example.org/sea.mp4"],
        ),
    ]
    title: Annotated[Title | None, Meta(description="null: the file's name.")] = None
    description: Description = ""
    tags: Tags = []
    language: TextLanguage = "und"
    visibility: VisibilityChoice = "private"
    encode_policy: Annotated[
        EncodePolicy | None, Meta(description="May be changed later; null: the server's setting holds.")
    ] = None
    owner: OwnerField = None
    codecs: Annotated[Codecs | None, Meta(description="null: the server's setting holds.")] = None
    encryption: Annotated[EncryptionField | None, Meta(description="null: what the server's setting says now.")] = (
        None
    )
