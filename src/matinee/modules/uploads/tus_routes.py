"""HTTP in and out of uploads by tus 1.0 (https://tus.io/protocols/resumable-upload)."""

from datetime import datetime
from email.utils import format_datetime
from uuid import UUID

from matinee.common.errors import ChecksumMismatch, Invalid
from matinee.common.http.answers import Parameter
from matinee.common.http.body_stream import BodyStream
from matinee.common.http.call import Call
from matinee.common.http.contract import Access, operation
from matinee.common.storage.port import StorageUnavailable
from matinee.common.validation import Fault, InvalidInput, convert
from matinee.modules.quotas.errors import QuotaExceeded
from matinee.modules.teams.errors import NOT_ACTING
from matinee.modules.uploads import headers
from matinee.modules.uploads.errors import (
    FileTooLarge,
    FinalUpload,
    FragmentsUnfinished,
    ImportUnderWay,
    InvalidUploadHeader,
    OffsetMismatch,
    TooManyUploads,
    UnsupportedTusVersion,
    UploadFinished,
    UploadGone,
    UploadTakenOver,
    UploadTooLong,
)
from matinee.modules.uploads.joining import Joining
from matinee.modules.uploads.reception import Receiver
from matinee.modules.uploads.reception_repository import insert_reception
from matinee.modules.uploads.schemas import NewUpload, UploadStarted
from matinee.modules.uploads.service import UploadService
from matinee.modules.videos.errors import FragmentInUse, VideoNotFound
from matinee.modules.videos.schemas import Video, VideoId

TAG = "uploads"
BASE = "/api/v1/uploads"
OFFSET_STREAM = ("application/offset+octet-stream",)
RESUMABLE = Parameter("Tus-Resumable", "Must be `1.0.0`.")
CHECKSUM = Parameter("Upload-Checksum", "Of the body: `sha256 <base64>`, or another of `Tus-Checksum-Algorithm`.")
RECEIVING = (
    InvalidUploadHeader,
    OffsetMismatch,
    UploadTakenOver,
    UploadTooLong,
    UploadGone,
    TooManyUploads,
    StorageUnavailable,
)
"""How bytes are refused."""


class TusRoutes:
    """What a tus client does."""

    def __init__(self, uploads: UploadService, receiver: Receiver, joining: Joining) -> None:
        self._uploads = uploads
        self._receiver = receiver
        self._joining = joining

    @operation(
        "OPTIONS",
        BASE,
        tag=TAG,
        access=Access.PUBLIC,
        tells=("Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"),
    )
    async def describe_tus(self, call: Call) -> None:
        """What this server knows of tus."""
        _tell(
            call,
            {
                "Tus-Resumable": headers.VERSION,
                "Tus-Version": headers.VERSION,
                "Tus-Extension": headers.EXTENSIONS,
                "Tus-Max-Size": self._uploads.max_bytes,
                "Tus-Checksum-Algorithm": ",".join(headers.ALGORITHMS),
            },
        )

    @operation(
        "POST",
        BASE,
        tag=TAG,
        scope="uploads:write",
        status=201,
        consumes=OFFSET_STREAM,
        accepts=(
            RESUMABLE,
            Parameter("Upload-Length", "Bytes of the whole file."),
            Parameter(
                "Upload-Metadata",
                "filename, filetype, title, description, tags (between commas), language, visibility, owner, "
                "each with its base64; to 8 KiB.",
            ),
            Parameter("Upload-Concat", "`partial`, or `final;` and the addresses of finished partial uploads."),
            CHECKSUM,
        ),
        tells=("Tus-Resumable", "Location", "Upload-Offset", "Upload-Expires"),
        errors=(
            UnsupportedTusVersion,
            FileTooLarge,
            QuotaExceeded,
            FragmentsUnfinished,
            ChecksumMismatch,
            *NOT_ACTING,
            *RECEIVING,
        ),
    )
    async def create_tus_upload(self, call: Call, body: BodyStream) -> Video:
        """Announce a video by tus, and send the file's first bytes, or none.

        As `POST /api/v1/videos/init` does; the metadata's `filename` is the title where there is none. A partial
        upload is no video and in no list; it counts against the quota as one.
        """
        _speaks_tus(call)
        checksum = headers.read_checksum(call.header(b"upload-checksum"))
        concat = headers.read_concat(call.header(b"upload-concat"))
        started = await self._announce(call, concat)
        assert started.upload is not None, "no hash is announced by tus, so nothing is shared"
        video_id = UUID(started.video.id)
        _tell(
            call,
            {"Location": _address(video_id), "Upload-Expires": _http_date(started.upload.expires_at)},
        )
        if concat.kind == "final":
            return started.video
        offset = 0
        if call.header(b"content-type") is not None:  # else there is no body
            upload = await self._uploads.find(call.user, video_id)
            try:
                offset = await self._receiver.receive(upload, 0, body, checksum)
            except Exception:  # who has not heard of its address cannot go on with it
                await self._uploads.abort(await call.begin(), call.user, video_id)
                await call.end()
                raise
        _tell(call, {"Upload-Offset": offset})
        return started.video

    @operation(
        "HEAD",
        f"{BASE}/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        accepts=(RESUMABLE,),
        tells=(
            "Tus-Resumable",
            "Upload-Offset",
            "Upload-Length",
            "Upload-Metadata",
            "Upload-Concat",
            "Upload-Expires",
            "Cache-Control",
        ),
        errors=(VideoNotFound, UnsupportedTusVersion, ImportUnderWay, UploadGone),
    )
    async def get_tus_offset(self, call: Call, video_id: VideoId) -> None:
        """How many bytes of an upload are stored."""
        _speaks_tus(call)
        upload = await self._uploads.find(call.user, video_id)
        stored = await self._receiver.stored(upload)
        is_awaited = upload.is_open and not stored.fragments
        _tell(
            call,
            {
                "Upload-Offset": stored.received if is_awaited else None if upload.is_open else upload.filesize,
                "Upload-Length": upload.filesize,
                "Upload-Metadata": stored.metadata,
                "Upload-Concat": headers.write_concat(upload.is_fragment, map(_address, stored.fragments)),
                "Upload-Expires": _http_date(self._uploads.expiry(upload)) if upload.is_open else None,
            },
        )

    @operation(
        "PATCH",
        f"{BASE}/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        consumes=OFFSET_STREAM,
        accepts=(RESUMABLE, Parameter("Upload-Offset", "Of the body's first byte: as many as are stored."), CHECKSUM),
        tells=("Tus-Resumable", "Upload-Offset", "Upload-Expires"),
        errors=(VideoNotFound, UnsupportedTusVersion, ImportUnderWay, FinalUpload, ChecksumMismatch, *RECEIVING),
    )
    async def append_to_tus_upload(self, call: Call, body: BodyStream, video_id: VideoId) -> None:
        """Send bytes of a file; the last one starts the encoding.

        Where the request breaks off, what came is stored, unless it has a checksum.
        """
        _speaks_tus(call)
        offset = headers.read_number("Upload-Offset", call.header(b"upload-offset"))
        checksum = headers.read_checksum(call.header(b"upload-checksum"))
        upload = await self._uploads.find(call.user, video_id)
        if (await self._receiver.stored(upload)).fragments:
            raise FinalUpload
        offset = await self._receiver.receive(upload, offset, body, checksum)
        _tell(call, {"Upload-Offset": offset, "Upload-Expires": _http_date(self._uploads.expiry())})

    @operation(
        "DELETE",
        f"{BASE}/{{video_id}}",
        tag=TAG,
        scope="uploads:write",
        accepts=(RESUMABLE,),
        tells=("Tus-Resumable",),
        errors=(VideoNotFound, UnsupportedTusVersion, UploadFinished, FragmentInUse),
    )
    async def terminate_tus_upload(self, call: Call, video_id: VideoId) -> None:
        """Drop an unfinished upload with its video."""
        _speaks_tus(call)
        await self._uploads.abort(await call.begin(), call.user, video_id)

    async def _announce(self, call: Call, concat: headers.Concat) -> UploadStarted:
        metadata = call.header(b"upload-metadata")
        is_final = concat.kind == "final"
        size = 1 if is_final else headers.read_number("Upload-Length", call.header(b"upload-length"))
        new = _described(metadata, size)
        db = await call.begin()
        if is_final:
            started = await self._joining.concatenate(db, call.user, concat.fragments, metadata, new)
        else:
            started = await self._uploads.init(db, call.user, new, fragment=concat.kind == "partial")
            await insert_reception(db, UUID(started.video.id), metadata, [])
        await call.end()  # what follows may take as long as the client likes
        return started


def _speaks_tus(call: Call) -> None:
    call.scope["matinee.headers"] = [(b"tus-resumable", headers.VERSION.encode())]  # in refusals as well
    if call.header(b"tus-resumable") != headers.VERSION:
        raise UnsupportedTusVersion


def _described(metadata: str | None, size: int) -> NewUpload:
    try:
        return convert(headers.describe_upload(headers.read_metadata(metadata), size), NewUpload)
    except InvalidInput as error:
        faults = [Fault(f"metadata.{fault.path}", fault.message) for fault in error.faults]
        raise Invalid("; ".join(f"{fault.path}: {fault.message}" for fault in faults), faults=faults) from None


def _tell(call: Call, told: dict[str, str | int | None]) -> None:
    call.headers += [
        (name.lower().encode(), str(value).encode("latin-1")) for name, value in told.items() if value is not None
    ]


def _address(video_id: UUID) -> str:
    return f"{BASE}/{video_id}"


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
