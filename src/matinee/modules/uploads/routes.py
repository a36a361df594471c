"""HTTP in and out of uploads."""

from matinee.common.database import Connection
from matinee.common.http.call import Call
from matinee.common.http.contract import operation
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.uploads.errors import (
    DuplicateFile,
    EtagMismatch,
    FileTooLarge,
    HashesDiffer,
    ImportUnderWay,
    InvalidPartRange,
    PartsMissing,
    SizeMismatch,
    UploadFinished,
    UploadGone,
    UploadNotStarted,
)
from matinee.modules.uploads.schemas import CompleteVideo, NewUpload, PartsQuery, SignedParts, UploadStarted
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.errors import VideoNotFound
from matinee.modules.videos.schemas import Video, VideoId

TAG = "uploads"
BASE = "/api/v1/videos"


class UploadRoutes:
    """Operations that bring a video's file in."""

    def __init__(self, uploads: UploadService) -> None:
        self._uploads = uploads

    @operation(
        "POST",
        f"{BASE}/init",
        tag=TAG,
        scope="uploads:write",
        status=201,
        errors=(FileTooLarge, QuotaExceeded, DuplicateFile),
        idempotent=True,
        writes_once=True,
    )
    async def init_upload(self, call: Call, db: Connection, body: NewUpload) -> UploadStarted:
        """Announce a video.

        Next: ask for signed URLs, PUT each part straight to the storage, complete.
        """
        return await self._uploads.init(db, call.user, body)

    @operation(
        "GET",
        f"{BASE}/signedurl/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        errors=(VideoNotFound, InvalidPartRange, ImportUnderWay, UploadFinished, UploadGone, StorageUnavailable),
    )
    async def sign_parts(self, call: Call, query: PartsQuery, video_id: VideoId) -> SignedParts:
        """Signed URLs of parts, and which parts are stored already.

        Any device of the owner may go on with an upload: ask again, and send what is not in `uploaded`. Each URL
        takes a body of exactly its part's `size`, whose Content-Length is part of the signature.
        """
        return await self._uploads.sign_parts(call.user, video_id, query)

    @operation(
        "POST",
        f"{BASE}/complete/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        errors=(
            VideoNotFound,
            PartsMissing,
            SizeMismatch,
            EtagMismatch,
            HashesDiffer,
            ImportUnderWay,
            UploadNotStarted,
            UploadGone,
            StorageUnavailable,
        ),
    )
    async def complete_upload(self, call: Call, body: CompleteVideo, video_id: VideoId) -> Video:
        """Join the parts and start encoding.

        What the storage holds is the truth: a missing part is named, sizes must match, and so must the ETags if
        they are given. Completing twice is harmless.
        """
        return await self._uploads.complete(call.user, video_id, body)

    @operation(
        "POST", f"{BASE}/abort/{{video_id}}", tag=TAG, scope="uploads:write", errors=(VideoNotFound, UploadFinished)
    )
    async def abort_upload(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Drop an unfinished upload with its video."""
        await self._uploads.abort(db, call.user, video_id)
