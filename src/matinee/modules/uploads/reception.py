"""A file that comes through the server, in any number of requests, goes on into the storage's multipart upload.

What a row of `receptions` says is stored, is stored: bytes are stored first and recorded then, by one statement. So a
request may end, be cut or be killed anywhere, and whoever comes next goes on from what is recorded. Bytes behind the
last whole part are objects of their own until their part is whole.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from uuid import UUID, uuid4

from starlette.requests import ClientDisconnect

from matinee.common.database import Database
from matinee.common.errors import ChecksumMismatch, Malformed, TimedOut
from matinee.common.http.body_stream import BodyStream
from matinee.common.jobs import JobQueue
from matinee.common.storage.port import NoSuchUploadError, Storage, StorageUnavailable
from matinee.media import keys
from matinee.modules.uploads import reception_repository as repository
from matinee.modules.uploads.errors import (
    OffsetMismatch,
    TooManyOfAccount,
    TooManyUploads,
    UploadTakenOver,
    UploadTooLong,
)
from matinee.modules.uploads.headers import Checksum, Window
from matinee.modules.uploads.jobs import join_job
from matinee.modules.uploads.joining import Joining, chained
from matinee.modules.uploads.reception_repository import Piece, ReceptionRow
from matinee.modules.uploads.repository import UploadRow
from matinee.modules.uploads.service import UploadService
from matinee.modules.uploads.spool import Spool

MOST_AT_ONCE = 64  # a process; each may have a part's bytes (16 MiB, of a file past 156 GiB more) on the disk
MOST_OF_ACCOUNT = 24  # of these; fewer: not the 20 that Uppy sends at once, more: two accounts have them all
HANDOVER_SECONDS = 10.0  # for a request to store what it has, when another goes on with its upload
MOST_PIECES = 32  # then they are made one; more: more objects to read for a part, fewer: more bytes stored again


class Receiver:
    """Takes files' bytes from requests."""

    def __init__(
        self, database: Database, storage: Storage, queue: JobQueue, uploads: UploadService, joining: Joining
    ) -> None:
        self.database = database
        self.storage = storage
        self.queue = queue
        self.uploads = uploads
        self._joining = joining
        self._owners: Counter[UUID] = Counter()  # of what is being received
        self._receiving: dict[UUID, tuple[BodyStream, asyncio.Event]] = {}  # by upload, and when that has ended

    async def stored(self, upload: UploadRow) -> ReceptionRow:
        """What is stored of an upload."""
        async with self.database.connection() as db:
            return await repository.find_reception(db, upload.id)

    async def receive(
        self,
        upload: UploadRow,
        start: int,
        body: BodyStream,
        checksum: Checksum | None = None,
        *,
        may_overlap: bool = False,
    ) -> int:
        """Stores a body whose first byte is the file's `start`; returns how many bytes are stored then.

        Where the request breaks off, or another one goes on with the file, what came is kept, unless it has a
        checksum. With `may_overlap` bytes that are stored already may come again, and are passed over. The last byte
        of the file starts the encoding.

        Raises OffsetMismatch, UploadTooLong, UploadTakenOver, UploadGone, ChecksumMismatch, TooManyUploads,
        StorageUnavailable, and what reading the body raises.
        """
        await self._interrupt(upload.id)
        held = await self.stored(upload)
        received = held.received if upload.is_open else upload.filesize
        if start > received or (start < received and not may_overlap):
            raise OffsetMismatch(f"{received} bytes are stored; go on from there.")
        if start + (body.length or 0) > upload.filesize:
            raise UploadTooLong(f"The file was announced with {upload.filesize} bytes.")
        with self._place(upload, body):
            if received < upload.filesize:
                received = await self._take(upload, held, start, body, checksum)
            else:  # an answer that did not arrive: read to its end, for not every client hears an answer before that
                async for _ in body:
                    pass
        if received == upload.filesize and upload.is_open and not upload.is_fragment:
            await self._joining.finish(await self.uploads.load(upload.id))
        return received

    @contextmanager
    def _place(self, upload: UploadRow, body: BodyStream) -> Iterator[None]:
        if self._owners.total() >= MOST_AT_ONCE:
            raise TooManyUploads
        if self._owners[upload.owner_id] >= MOST_OF_ACCOUNT:
            raise TooManyOfAccount
        self._owners[upload.owner_id] += 1
        mine = self._receiving[upload.id] = body, asyncio.Event()
        try:
            yield
        finally:
            self._owners -= Counter([upload.owner_id])  # and who has none is forgotten
            mine[1].set()
            if self._receiving.get(upload.id) is mine:
                del self._receiving[upload.id]

    async def _interrupt(self, video_id: UUID) -> None:
        """Has a request of this process that receives the same file store what it has and end.

        One that takes too long, or is another process's, can record nothing once it is overtaken.
        """
        if (receiving := self._receiving.get(video_id)) is not None:
            body, ended = receiving
            body.interrupt()
            with suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), HANDOVER_SECONDS)

    async def receive_window(self, upload: UploadRow, window: Window, body: BodyStream) -> int:
        """The same for a window of the file, of which bytes may come again."""
        if window.start is None:
            return (await self.stored(upload)).received if upload.is_open else upload.filesize
        return await self.receive(upload, window.start, body, may_overlap=True)

    async def _take(
        self, upload: UploadRow, held: ReceptionRow, start: int, body: BodyStream, checksum: Checksum | None
    ) -> int:
        if upload.status == "INITIATED":
            upload = await self.uploads.begin(upload)
        if upload.upload_id is None:  # another request has ended it meanwhile
            raise UploadTakenOver
        writer = uuid4()
        async with self.database.connection() as db:
            if not await repository.take_over(db, upload.id, writer, held.received):
                raise UploadTakenOver
        with closing(Spool()) as spool:
            return await _Request(self, upload, upload.upload_id, held, writer, spool, checksum).run(start, body)


class _Request:
    """One request's bytes."""

    def __init__(
        self,
        receiver: Receiver,
        upload: UploadRow,
        upload_id: str,
        held: ReceptionRow,
        writer: UUID,
        spool: Spool,
        checksum: Checksum | None,
    ) -> None:
        self._receiver = receiver
        self._upload = upload
        self._upload_id = upload_id
        self._writer = writer
        self._spool = spool
        self._checksum = checksum
        self._at = self._recorded = held.received
        self._parts = held.parts
        self._etags: list[str] = []  # of parts that are not recorded yet
        self._pieces = held.listed()
        self._superseded: list[Piece] = []  # by what is not recorded yet

    async def run(self, start: int, body: BodyStream) -> int:
        """Takes all of it; returns how far the file is stored."""
        again = self._at - start
        try:
            async for chunk in body:
                passed, again = min(again, len(chunk)), max(0, again - len(chunk))
                await self._take(chunk[passed:])
        except (ClientDisconnect, TimedOut, Malformed):
            if self._checksum is None:
                await self._keep()
            if body.is_interrupted:
                raise UploadTakenOver from None
            raise
        if self._checksum is not None and not self._checksum.holds():
            raise ChecksumMismatch
        await self._keep()
        return self._at

    async def _take(self, chunk: bytes) -> None:
        if self._at + len(chunk) > self._upload.filesize:
            raise UploadTooLong(f"The file was announced with {self._upload.filesize} bytes.")
        if self._checksum is not None:
            self._checksum.update(chunk)
        while chunk:
            head, chunk = chunk[: self._end - self._at], chunk[self._end - self._at :]
            await self._spool.write(head)
            self._at += len(head)
            # the last one waits for the body's end: it may be longer
            if self._at == self._end < self._upload.filesize:
                await self._store_part()
                if self._checksum is None:
                    await self._record()

    @property
    def _end(self) -> int:
        """Of the part that is being received."""
        return min((self._parts + 1) * self._upload.part_size, self._upload.filesize)

    async def _keep(self) -> None:
        if self._at == self._upload.filesize:
            await self._store_part()
        elif self._spool.size:
            await self._store_piece()
        await self._record()

    async def _store_part(self) -> None:
        await self._ensure_writer()  # before it stores another content in the place of a part that counts
        number, size = self._parts + 1, self._upload.plan.size(self._parts + 1)
        data = chained(self._receiver.storage, self._keys(self._pieces), self._spool.read())
        try:
            etag = await self._receiver.storage.put_part(self._upload.key, self._upload_id, number, size, data)
        except NoSuchUploadError:
            await self._receiver.uploads.check_joined(self._upload)
            raise UploadTakenOver from None
        await self._spool.empty()
        self._superseded += self._pieces
        self._parts, self._pieces = number, []
        self._etags.append(etag)

    async def _store_piece(self) -> None:
        await self._ensure_writer()  # before it stores what nobody will name
        taken = self._pieces if len(self._pieces) >= MOST_PIECES else []
        # named by its writer: one that was taken over may still be at it
        piece = Piece(f"{self._at}-{self._writer.hex}", sum(piece.size for piece in taken) + self._spool.size)
        data = chained(self._receiver.storage, self._keys(taken), self._spool.read())
        await self._receiver.storage.put_stream(keys.piece_key(self._upload.id, piece.name), piece.size, data)
        self._superseded += taken
        self._pieces = [piece] if taken else [*self._pieces, piece]

    async def _ensure_writer(self) -> None:
        async with self._receiver.database.connection() as db:
            if not await repository.is_writer(db, self._upload.id, self._writer):
                raise UploadTakenOver

    def _keys(self, pieces: list[Piece]) -> list[str]:
        return [keys.piece_key(self._upload.id, piece.name) for piece in pieces]

    async def _record(self) -> None:
        if self._at == self._recorded:
            return
        video_id = self._upload.id
        try:
            async with self._receiver.database.transaction() as db:
                if not await repository.record(db, video_id, self._writer, self._at, self._etags, self._pieces):
                    raise UploadTakenOver  # noqa: TRY301  # to roll back
                if self._at == self._upload.filesize and not self._upload.is_fragment:
                    await self._receiver.queue.enqueue(db, join_job(video_id))
        except UploadTakenOver:
            await self._remove([piece for piece in self._pieces if piece.name.endswith(self._writer.hex)])
            raise
        await self._remove(self._superseded)
        self._recorded, self._etags, self._superseded = self._at, [], []

    async def _remove(self, pieces: list[Piece]) -> None:
        with suppress(StorageUnavailable):  # what is left then goes with the end of the upload
            for key in self._keys(pieces):
                await self._receiver.storage.delete(key)
