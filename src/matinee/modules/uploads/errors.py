"""How uploads refuse."""

from collections.abc import Mapping

from matinee.common.errors import (
    Conflict,
    Forbidden,
    Invalid,
    Malformed,
    PreconditionFailed,
    TooLarge,
    Unavailable,
)
from matinee.modules.encoding.errors import Failure
from matinee.modules.integrity.repository import FirstRow


class FileTooLarge(Invalid):
    """The file is larger than this server accepts."""

    code = "file_too_large"


class DuplicateFile(Conflict):
    """One of your videos has this very file; ask for `on_duplicate=share` to have a second one without sending it."""

    code = "duplicate_file"

    def __init__(self, first: FirstRow, *, names_title: bool) -> None:
        name = f"“{first.title}” ({first.id})" if names_title else str(first.id)
        super().__init__(
            f"Your video {name} has this very file. To have a second one without sending it, "
            "ask for on_duplicate=share."
        )
        self.existing = str(first.id)


class HashesDiffer(Conflict):
    """Another SHA-256 was announced when the upload began; to begin anew, delete the video."""

    code = "hashes_differ"


class InvalidPartRange(Invalid):
    """The range of parts lies outside the upload."""

    code = "invalid_part_range"


class UploadFinished(Conflict):
    """The upload is finished; to start over, delete the video and begin a new one."""

    code = "upload_finished"


class ImportUnderWay(Conflict):
    """The file is fetched from its address; there is nothing to send. Abort it to be rid of it."""

    code = "import_under_way"


class UploadNotStarted(Conflict):
    """Nothing was uploaded yet; ask for signed URLs and send the parts first."""

    code = "upload_not_started"


class UploadGone(Conflict):
    """What was uploaded is not stored any more; upload the file again, as a new video."""

    code = "upload_gone"


UPLOAD_GONE = Failure(UploadGone.code, "What was uploaded of the file is not stored any more. Upload it again.")


class PartsMissing(Conflict):
    """Some parts were not uploaded; send them and complete again."""

    code = "parts_missing"


class SizeMismatch(Conflict):
    """What was uploaded has another size than was announced; send the named parts again."""

    code = "size_mismatch"


class EtagMismatch(Conflict):
    """Some parts are stored with another content than you sent; send the named parts again."""

    code = "etag_mismatch"


class InvalidUploadHeader(Malformed):
    """A header that describes the upload is missing or cannot be read."""

    code = "invalid_upload_header"


class UnsupportedTusVersion(PreconditionFailed):
    """This server speaks tus 1.0.0; send `Tus-Resumable: 1.0.0`."""

    code = "unsupported_tus_version"

    def headers(self) -> Mapping[str, str]:
        return {"Tus-Version": "1.0.0"}


class OffsetMismatch(Conflict):
    """The bytes do not follow those that are stored; ask what is stored, and go on from there."""

    code = "offset_mismatch"


class UploadTakenOver(Conflict):
    """Another request goes on with this upload; ask what is stored, and go on from there."""

    code = "upload_taken_over"


class UploadTooLong(TooLarge):
    """The file is longer than was announced; delete the upload and begin a new one."""

    code = "upload_too_long"


class TooManyUploads(Unavailable):
    """This server receives as many uploads as it can; try again shortly."""

    code = "too_many_uploads"


class TooManyOfAccount(TooManyUploads):
    """This account sends as many files at once as it may; go on with this one when another has arrived."""


class FragmentsUnfinished(Conflict):
    """Only finished partial uploads of your own, each once, can be joined; finish them first."""

    code = "fragments_unfinished"


class FinalUpload(Forbidden):
    """This upload is joined of others and takes no bytes itself."""

    code = "final_upload"
