"""Decisions about uploads. No transaction is open while the object storage is asked."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

from msgspec import UNSET
from msgspec.structs import replace

from matinee.common.clock import Clock, system_clock
from matinee.common.database import Connection, Database
from matinee.common.errors import Unauthenticated
from matinee.common.http.authentication import Caller
from matinee.common.http.viewer import Viewer
from matinee.common.jobs import JobQueue
from matinee.common.notifications import announce
from matinee.common.storage.port import NoSuchObjectError, NoSuchUploadError, Part, Storage
from matinee.common.validation import Fault
from matinee.modules.encoding.jobs import ingest_job
from matinee.modules.integrity import repository as integrity
from matinee.modules.integrity.jobs import hash_job
from matinee.modules.quotas.service import QuotaService
from matinee.modules.teams.rules import EDITORS, acting_for
from matinee.modules.uploads import reception_repository, repository
from matinee.modules.uploads.addresses import FileAddresses
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
from matinee.modules.uploads.jobs import join_job
from matinee.modules.uploads.repository import UploadRow
from matinee.modules.uploads.rules import (
    PartPlan,
    choose_part_size,
    describe_numbers,
    misfit_parts,
    mismatched_etags,
    missing_parts,
    settle_parts,
)
from matinee.modules.uploads.schemas import (
    CompleteUpload,
    CompleteVideo,
    NewUpload,
    PartsQuery,
    SignedPart,
    SignedParts,
    UploadedPart,
    UploadPlan,
    UploadStarted,
)
from matinee.modules.videos.access import may_change
from matinee.modules.videos.errors import FragmentInUse, VideoNotFound
from matinee.modules.videos.rules import Encryption
from matinee.modules.videos.schemas import Video
from matinee.modules.videos.service import VideoService
from matinee.modules.videos.views import detail, receipt

MOST_URLS = 100  # a request; signing costs ~0.2 ms each


class UploadService:
    """Uploads from their announcement to the start of encoding."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        videos: VideoService,
        quotas: QuotaService,
        addresses: FileAddresses,
        *,
        max_bytes: int,
        expiry_hours: int,
        encryption: Encryption = "none",
        clock: Clock = system_clock,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._videos = videos
        self._quotas = quotas
        self._addresses = addresses
        self.max_bytes = max_bytes
        self._expiry_seconds = expiry_hours * 3600
        self._encryption: Encryption = encryption
        self._clock = clock

    async def init(
        self,
        db: Connection,
        caller: Caller,
        new: NewUpload,
        *,
        video_id: UUID | None = None,
        fragment: bool = False,
    ) -> UploadStarted:
        """Announces a video, or a fragment of one; its multipart upload begins when its first bytes are to be sent.

        Raises FileTooLarge, QuotaExceeded, DuplicateFile, InsufficientScope, TeamNotFound and TeamRoleNeeded.
        """
        owner_id = acting_for(caller, new.owner, EDITORS)
        plan, video_id = self.plan(new.filesize), video_id or uuid4()
        new = replace(new, encryption=new.encryption or self._encryption)
        if new.sha256 is not None and (shared := await self._share(db, caller, owner_id, new, new.sha256)):
            return shared
        insert = partial(
            repository.insert_video,
            db,
            owner_id,
            new,
            plan.part_size,
            video_id=video_id,
            fragment_of=video_id if fragment else None,
        )
        row = None
        if not self._quotas.limits_everyone:
            row = await insert(unlimited_only=True)
        if row is None:
            async with db.transaction():
                await self._quotas.reserve_file(db, owner_id, new.filesize)
                row = await insert(unlimited_only=False)
        if row is None:
            raise Unauthenticated("This account no longer exists.")
        return UploadStarted(video=detail(row, Viewer(caller), None), upload=self.describe(row.id, plan))

    async def _share(
        self, db: Connection, caller: Caller, owner_id: UUID, new: NewUpload, sha256: str
    ) -> UploadStarted | None:
        """A second video of a file that its owner has already; None where he has it not.

        Raises DuplicateFile, and InsufficientScope: a key that only uploads would publish what others have uploaded.
        """
        if new.on_duplicate == "share":
            caller.require("videos:read", "videos:write")
        async with db.transaction():
            first = await integrity.hold_first(db, owner_id, bytes.fromhex(sha256))
            if first is None:
                return None
            if new.on_duplicate == "refuse":
                raise DuplicateFile(first, names_title=caller.has("videos:read"))
            await self._quotas.reserve_length(db, owner_id, first.duration or 0.0, field="sha256")
            video_id = await repository.insert_sharing(db, first.id, new)
            await self._queue.enqueue(db, ingest_job(video_id))
            return UploadStarted(video=await self._videos.get(db, Viewer(caller), video_id), upload=None)

    def plan(self, filesize: int) -> PartPlan:
        """How a file is cut; raises FileTooLarge."""
        if filesize > self.max_bytes:
            sentence = f"The file has {filesize} bytes; this server accepts {self.max_bytes}."
            raise FileTooLarge(sentence, faults=[Fault("filesize", sentence)])
        return PartPlan(filesize, choose_part_size(filesize))

    def describe(self, video_id: UUID, plan: PartPlan) -> UploadPlan:
        """The same for the client, from now on."""
        return UploadPlan(
            part_size=plan.part_size,
            part_count=plan.count,
            url=self._addresses.of(video_id),
            expires_at=self.expiry(),
        )

    async def sign_parts(self, caller: Caller, video_id: UUID, query: PartsQuery) -> SignedParts:
        """Addresses of the wanted parts, and all parts that are stored; begins the upload where it must."""
        upload = await self._video(caller, video_id)
        wanted = _wanted(upload.plan, query)
        if upload.status == "INITIATED":
            upload = await self.begin(upload)
        if upload.status != "UPLOADING" or upload.upload_id is None:
            raise UploadFinished
        async with self._database.connection() as db:
            await repository.touch_upload(db, video_id)
        stored = settle_parts(upload.plan, await self.list_parts(upload), {})
        return await self._signed(upload, upload.upload_id, wanted, stored)

    async def complete(self, caller: Caller, video_id: UUID, claim: CompleteVideo) -> Video:
        """Joins the parts and starts the encoding. Repeating it is harmless.

        What the storage lists is compared with what was announced, and with what the client claims to have sent.
        """
        upload = await self._video(caller, video_id)
        if upload.status == "INITIATED":
            raise UploadNotStarted
        if upload.status == "UPLOADING":
            if claim.sha256 is not None and upload.announced_sha256 not in (None, bytes.fromhex(claim.sha256)):
                raise HashesDiffer
            await self.join(upload, claim)
            await self.start_encoding(upload, claim.sha256)
        async with self._database.connection() as db:
            video = await self._videos.get(db, Viewer(caller), video_id)
        return video if caller.has("videos:read") else receipt(video)

    async def abort(self, db: Connection, caller: Caller, video_id: UUID) -> None:
        """Drops the upload with its parts and the video; raises UploadFinished and FragmentInUse."""
        await self._videos.owned(db, caller, video_id)
        if not await repository.abort_upload(db, video_id):
            raise FragmentInUse if await self._videos.is_claimed(db, video_id) else UploadFinished
        await self._videos.drop_fragments(db, [video_id])
        await self._videos.enqueue_removals(db, [video_id])
        await announce(db, str(video_id))

    async def load(self, video_id: UUID) -> UploadRow:
        """An upload, whoever asks; raises VideoNotFound."""
        async with self._database.connection() as db:
            upload = await repository.find_upload(db, video_id)
        if upload is None:
            raise VideoNotFound
        return upload

    async def find(self, caller: Caller, video_id: UUID) -> UploadRow:
        """An upload that the caller may go on with; raises VideoNotFound, ImportUnderWay, UploadGone."""
        upload = await self.load(video_id)
        if not may_change(caller, upload.owner_id):
            raise VideoNotFound
        if upload.is_import:
            raise ImportUnderWay
        if upload.is_gone:
            raise UploadGone
        return upload

    async def addressed(self, video_id: UUID, token: str) -> UploadRow:
        """An upload for whoever has its address; raises VideoNotFound and UploadGone."""
        self._addresses.check(video_id, token)
        upload = await self.load(video_id)
        if upload.is_gone:
            raise UploadGone
        return upload

    async def _video(self, caller: Caller, video_id: UUID) -> UploadRow:
        upload = await self.find(caller, video_id)
        if upload.is_fragment:
            raise VideoNotFound
        return upload

    async def begin(self, upload: UploadRow) -> UploadRow:
        """INITIATED → UPLOADING, with a multipart upload in the storage."""
        key = upload.key
        upload_id = await self._storage.begin_upload(key, upload.filetype)
        async with self._database.transaction() as db:
            won = await repository.begin_upload(db, upload.id, upload_id)
            if won:
                await announce(db, str(upload.id))
        if not won:  # another request began it first: ours is of no use
            await self._storage.abort_upload(key, upload_id)
        return await self.load(upload.id)

    async def list_parts(self, upload: UploadRow) -> list[Part]:
        """What the storage has of it; raises UploadGone, and UploadFinished where its parts are joined."""
        assert upload.upload_id is not None
        try:
            return await self._storage.list_parts(upload.key, upload.upload_id)
        except NoSuchUploadError:
            await self.check_joined(upload)
            raise UploadFinished from None

    async def _signed(self, upload: UploadRow, upload_id: str, wanted: range, stored: list[Part]) -> SignedParts:
        plan = upload.plan
        present = {part.part_number for part in stored if part.size == plan.size(part.part_number)}
        key = upload.key
        expires_at = self.expiry()
        sizes = {number: plan.size(number) for number in wanted if number not in present}
        urls = await self._storage.part_urls(key, upload_id, sizes, self._expiry_seconds)
        return SignedParts(
            part_size=upload.part_size,
            part_count=upload.plan.count,
            parts=[SignedPart(number, url, size) for (number, size), url in zip(sizes.items(), urls, strict=True)],
            uploaded=[UploadedPart(part.part_number, part.size, part.etag) for part in stored],
            expires_at=expires_at,
        )

    async def join(self, upload: UploadRow, claim: CompleteUpload) -> None:
        """Makes the object of the parts. Repeating it is harmless."""
        assert upload.upload_id is not None
        key = upload.key
        try:
            listed = await self._storage.list_parts(key, upload.upload_id)
            stored = checked_parts(upload.plan, listed, claim)
            await self._storage.complete_upload(key, upload.upload_id, stored)
        except NoSuchUploadError:
            await self.check_joined(upload)

    async def check_joined(self, upload: UploadRow) -> None:
        """Returns where an upload that the storage does not know was joined by a call that has not said so yet.

        Else the storage has dropped it: it fails, and UploadGone is raised.
        """
        with suppress(NoSuchObjectError):
            if await self._storage.size(upload.key) == upload.filesize:
                return
        await self.give_up(upload.id)
        raise UploadGone

    async def give_up(self, video_id: UUID) -> None:
        """What was uploaded is lost: the video turns FAILED and says so. Nothing where its upload has ended."""
        async with self._database.transaction() as db:
            if await repository.fail_upload(db, video_id):
                await self._videos.drop_fragments(db, [video_id])
                await announce(db, str(video_id))

    async def start_encoding(self, upload: UploadRow, sha256: str | None = None) -> None:
        """UPLOADING → PROCESSING, and what it was joined of is dropped. Repeating it is harmless.

        `sha256`: what the client says of the whole file.
        """
        async with self._database.transaction() as db:
            if await repository.finish_upload(db, upload.id, sha256):
                jobs = [ingest_job(upload.id), hash_job(upload.source_id, upload.source_revision)]
                if await reception_repository.has_begun(db, upload.id):
                    jobs.append(join_job(upload.id))  # removes what is left of it
                await self._queue.enqueue_all(db, jobs)
                await self._videos.drop_fragments(db, [upload.id])
                await announce(db, str(upload.id))

    def expiry(self, upload: UploadRow | None = None) -> datetime:
        """When an upload is dropped with which nothing is done any more; without one, from now on."""
        last = upload.updated_at if upload else datetime.fromtimestamp(int(self._clock()), UTC)
        return last + timedelta(seconds=self._expiry_seconds)


def _wanted(plan: PartPlan, query: PartsQuery) -> range:
    last = min(plan.count, query.first + MOST_URLS - 1) if query.last is UNSET else query.last
    if not query.first <= last <= plan.count:
        sentence = f"The parts are numbered 1 to {plan.count}."
        raise InvalidPartRange(sentence, faults=[Fault("query.from", sentence), Fault("query.to", sentence)])
    if last - query.first >= MOST_URLS:
        sentence = f"Ask for {MOST_URLS} parts at most in one request."
        raise InvalidPartRange(sentence, faults=[Fault("query.to", sentence)])
    return range(query.first, last + 1)


def checked_parts(plan: PartPlan, listed: list[Part], claim: CompleteUpload) -> list[Part]:
    """One part for each number, as announced and as claimed. Raises PartsMissing, SizeMismatch, EtagMismatch."""
    claimed = {part.part_number: part.etag.strip('"') for part in claim.parts}
    stored = settle_parts(plan, listed, claimed)
    if missing := missing_parts(plan, stored):
        sentence = f"Not uploaded: part {describe_numbers(missing)}. Send what is missing and complete again."
        raise PartsMissing(sentence, faults=[Fault(f"parts[{n}]", "This part is missing.") for n in missing[:100]])
    if misfits := misfit_parts(plan, stored):
        raise SizeMismatch(faults=misfits[:100])
    if mismatches := mismatched_etags(claimed, stored):
        raise EtagMismatch(faults=mismatches[:100])
    return stored
