"""Wire types of uploads."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from matinee.common.text import END
from matinee.modules.encoding.schemas import Codecs, EncodePolicy
from matinee.modules.uploads.rules import MOST_PARTS
from matinee.modules.videos.schemas import (
    Description,
    EncryptionField,
    OwnerField,
    Tags,
    TextLanguage,
    Title,
    Video,
    VisibilityChoice,
)

FileType = Literal[
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-matroska",
    "video/matroska",
    "video/x-msvideo",
    "video/avi",
    "video/mp2t",
    "video/mpeg",
    "video/ogg",
    "video/x-flv",
    "video/x-ms-wmv",
    "video/x-m4v",
    "video/3gpp",
    "application/octet-stream",
]
FileName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=rf"^[^\x00-\x1f\x7f/\\]+{END}",
        description="The file's name without a path.",
        examples=["sea.mp4"],
    ),
]
_LARGEST = 5 * 1024**4  # bytes; S3's largest object
FileSize = Annotated[
    int, Meta(ge=1, le=_LARGEST, description="Bytes; 5 GiB at most unless set otherwise.", examples=[48_211_934])
]
FileTypeField = Annotated[FileType, Meta(description="The file's media type; the content decides what is done.")]
FileHash = Annotated[
    Annotated[str, Meta(max_length=64, pattern=rf"^[0-9a-f]{{64}}{END}")] | None,
    Meta(
        description="The SHA-256 of the whole file, hexadecimal. Some seconds after the upload the server reads what "
        "is stored, and where that is something else the video turns FAILED with `checksum_mismatch`.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    ),
]


class NewUpload(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A video to be uploaded."""

    title: Title
    description: Description = ""
    tags: Tags = []
    language: TextLanguage = "und"
    filename: FileName
    filesize: FileSize
    filetype: FileTypeField
    visibility: VisibilityChoice = "private"
    encode_policy: Annotated[
        EncodePolicy | None, Meta(description="May be changed later; null: the server's setting holds.")
    ] = None
    codecs: Annotated[Codecs | None, Meta(description="null: the server's setting holds.")] = None
    encryption: Annotated[EncryptionField | None, Meta(description="null: what the server's setting says now.")] = (
        None
    )
    owner: OwnerField = None
    sha256: FileHash = None
    on_duplicate: Annotated[
        Literal["refuse", "share"],
        Meta(
            description="What to do where one of your videos has the file of this `sha256` already: `refuse` it with "
            "`duplicate_file`, or have a second video that `share`s what is stored, without sending anything."
        ),
    ] = "refuse"


class UploadPlan(msgspec.Struct, kw_only=True):
    """How the file is to be cut."""

    part_size: Annotated[int, Meta(description="Bytes of each part but the last.", examples=[16_777_216])]
    part_count: Annotated[int, Meta(description="How many parts there are.", examples=[3])]
    url: Annotated[
        str,
        Meta(
            description="Instead of parts: PUT the file here, whole or with `Content-Range`. Needs no further header."
        ),
    ]
    expires_at: Annotated[datetime, Meta(description="When the upload is dropped unless something is done with it.")]


class UploadStarted(msgspec.Struct, kw_only=True):
    """The new video and how to upload its file."""

    video: Annotated[Video, Meta(description="The new video, INITIATED; PROCESSING where its file is there already.")]
    upload: Annotated[
        UploadPlan | None, Meta(description="How to cut the file; null where nothing is to be sent: it is shared.")
    ]


class FileQuery(msgspec.Struct, kw_only=True):
    """What lets a file in."""

    token: Annotated[str, Meta(max_length=100, description="As it stands in the upload's `url`.")]


class FileReceived(msgspec.Struct, kw_only=True):
    """A file that is there."""

    received: Annotated[int, Meta(description="Bytes.")]


class PartsQuery(msgspec.Struct, kw_only=True):
    """Which parts."""

    first: Annotated[int, Meta(ge=1, le=MOST_PARTS, description="The first part wanted.")] = msgspec.field(
        default=1, name="from"
    )
    last: (
        Annotated[int, Meta(ge=1, le=MOST_PARTS, description="The last part wanted; 100 at most at once.")]
        | UnsetType
    ) = msgspec.field(default=UNSET, name="to")


class SignedPart(msgspec.Struct, frozen=True):
    """Where to PUT one part."""

    part_number: Annotated[int, Meta(description="From 1.")]
    url: Annotated[
        str,
        Meta(
            description="PUT the part's bytes here, with no headers but a `Content-MD5` if you like: the storage "
            "then refuses a part that arrives as something else. Keep the ETag."
        ),
    ]
    size: Annotated[
        int,
        Meta(description="Bytes of the part. Signed as the Content-Length: the storage takes no more and no less."),
    ]


class UploadedPart(msgspec.Struct, frozen=True):
    """A part that the storage holds."""

    part_number: Annotated[int, Meta(description="From 1.")]
    size: Annotated[int, Meta(description="Bytes.")]
    etag: Annotated[str, Meta(description="The storage's ETag, without quotes.")]


class SignedParts(msgspec.Struct, kw_only=True):
    """Addresses for the parts asked for, and what is stored already, so that an upload resumes anywhere."""

    part_size: Annotated[int, Meta(description="Bytes of each part but the last.")]
    part_count: Annotated[int, Meta(description="How many parts there are.")]
    parts: Annotated[list[SignedPart], Meta(description="The wanted parts that are not stored yet.")]
    uploaded: Annotated[list[UploadedPart], Meta(description="Every part that is stored.")]
    expires_at: Annotated[
        datetime,
        Meta(
            description="When the addresses stop working at the latest. The storage answers 403 from then on, or "
            "from when the server's own key for it was changed: ask for others."
        ),
    ]


class ClaimedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part as the client saw it."""

    part_number: Annotated[int, Meta(ge=1, le=MOST_PARTS, description="From 1.")]
    etag: Annotated[str, Meta(min_length=1, max_length=128, description="The ETag of the answer to its PUT.")]


class CompleteUpload(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The end of an upload."""

    parts: Annotated[
        list[ClaimedPart],
        Meta(max_length=MOST_PARTS, description="Optional: each part is then compared with what is stored."),
    ] = []


class CompleteVideo(CompleteUpload, kw_only=True, forbid_unknown_fields=True):
    """The end of a video's upload."""

    sha256: FileHash = None
