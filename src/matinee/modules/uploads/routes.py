"""HTTP in and out of uploads."""

from starlette.responses import Response

from matinee.common.database import Connection
from matinee.common.http.answers import Answer, Parameter
from matinee.common.http.body_stream import BodyStream
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.teams.errors import NOT_ACTING
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
from matinee.modules.uploads.headers import read_content_range
from matinee.modules.uploads.reception import Receiver
from matinee.modules.uploads.schemas import (
    CompleteVideo,
    FileQuery,
    FileReceived,
    NewUpload,
    PartsQuery,
    SignedParts,
    UploadStarted,
)
from matinee.modules.uploads.service import UploadService
from matinee.modules.uploads.tus_routes import RECEIVING
from matinee.modules.videos.errors import FragmentInUse, VideoNotFound
from matinee.modules.videos.schemas import Video, VideoId

TAG = "uploads"
BASE = "/api/v1/videos"
CONTENT_RANGE = Parameter(
    "Content-Range", "`bytes first-last/size` of the body, or `bytes */size` to ask what is stored; else it is whole."
)
INCOMPLETE = Answer(308, "More of the file is awaited.", ("Range",))


class UploadRoutes:
    """Operations that bring a video's file in."""

    def __init__(self, uploads: UploadService, receiver: Receiver) -> None:
        self._uploads = uploads
        self._receiver = receiver

    @operation(
        "POST",
        f"{BASE}/init",
        tag=TAG,
        scope="uploads:write",
        status=201,
        errors=(FileTooLarge, QuotaExceeded, DuplicateFile, *NOT_ACTING),
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
        "PUT",
        f"{BASE}/{{video_id}}/file",
        tag=TAG,
        access=Access.PUBLIC,
        consumes=("*/*",),
        accepts=(CONTENT_RANGE,),
        also=(INCOMPLETE,),
        errors=(VideoNotFound, *RECEIVING),
    )
    async def put_file(
        self, call: Call, query: FileQuery, body: BodyStream, video_id: VideoId
    ) -> Response | FileReceived:
        """Send the file to the address that its announcement gave, whole or bit by bit.

        Whoever has the address may, until the file is there. Bytes that are stored already may come again; the last
        one starts the encoding.
        """
        upload = await self._uploads.addressed(video_id, query.token)
        window = read_content_range(call.header(b"content-range"), body.length, upload.filesize)
        received = await self._receiver.receive_window(upload, window, body)
        if received == upload.filesize:
            return FileReceived(received=received)
        stored = {"Range": f"bytes=0-{received - 1}"} if received else {}
        return Response(status_code=308, headers={**stored, "Cache-Control": "no-store"})

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
        they are given. Completing twice is harmless. To an API key without `videos:read` the answer tells that the
        file has arrived, and leaves out what the video is called and what came of it.
        """
        return await self._uploads.complete(call.user, video_id, body)

    @operation(
        "POST",
        f"{BASE}/abort/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        errors=(VideoNotFound, UploadFinished, FragmentInUse),
    )
    async def abort_upload(self, call: Call, db: Connection, video_id: VideoId) -> None:
        """Drop an unfinished upload with its video."""
        await self._uploads.abort(db, call.user, video_id)
