"""How uploads refuse."""

from matinee.common.errors import Conflict, Invalid
from matinee.modules.integrity.repository import FirstRow


class FileTooLarge(Invalid):
    """The file is larger than this server accepts."""

    code = "file_too_large"


class DuplicateFile(Conflict):
    """One of your videos has this very file; ask for `on_duplicate=share` to have a second one without sending it."""

    code = "duplicate_file"

    def __init__(self, first: FirstRow) -> None:
        super().__init__(
            f"Your video “{first.title}” ({first.id}) has this very file. To have a second one without sending it, "
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
    """The storage no longer knows this upload; delete the video and begin a new one."""

    code = "upload_gone"


class PartsMissing(Conflict):
    """Some parts were not uploaded; send them and complete again."""

    code = "parts_missing"


class SizeMismatch(Conflict):
    """What was uploaded has another size than was announced; send the named parts again."""

    code = "size_mismatch"


class EtagMismatch(Conflict):
    """Some parts are stored with another content than you sent; send the named parts again."""

    code = "etag_mismatch"
