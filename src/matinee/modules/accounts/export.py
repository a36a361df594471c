"""All of an account as one file: asked for, made by a job, fetched by a short-lived address, removed after days."""

import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import PurePath
from typing import Literal
from uuid import UUID

from matinee.common.database import Begin, Connection, Database
from matinee.common.http.authentication import Caller
from matinee.common.jobs import JobQueue, JobRun, ensure_owned
from matinee.common.storage.port import NoSuchObjectError, Storage
from matinee.media import keys
from matinee.modules import audit
from matinee.modules.accounts import repository
from matinee.modules.accounts.errors import NoExport
from matinee.modules.accounts.jobs import exporting
from matinee.modules.accounts.listings import ReadPage, as_json, items_of
from matinee.modules.accounts.repository import ExportRow, FileRow
from matinee.modules.accounts.schemas import AccountExport, ExportAddresses, LinkedFile, NewExport
from matinee.modules.accounts.volumes import Volumes
from matinee.modules.auth import letters
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.schemas import Proof
from matinee.modules.second_factor.guard import Guard

_URL_SECONDS = 300
_TELL_SECONDS = 1.0
_FILE_SECONDS = 12 * 3600  # that addresses of files hold: nothing takes them back


class Exports:
    """Exports of accounts, made of what features list. `days`: so long one can be fetched."""

    def __init__(
        self,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        guard: Guard,
        notices: Notices,
        listings: Mapping[str, ReadPage],
        *,
        days: int,
    ) -> None:
        self._database = database
        self._storage = storage
        self._queue = queue
        self._guard = guard
        self._notices = notices
        self._listings = listings
        self._days = days

    async def ask(self, db: Connection, user_id: UUID, *, include_files: bool) -> AccountExport:
        """Has one made; one that is being made goes on. Raises NoExport where there is no such account."""
        row = await repository.ask_export(db, user_id, include_files=include_files)
        if row is not None:
            await audit.record(db, "account.exported", user_id, account=user_id, files=include_files)
            await self._notices.tell(db, user_id, letters.EXPORT_ASKED)
            await self._queue.enqueue(db, exporting(user_id, row.id))
        return await self.get(db, user_id)

    async def ask_by(self, begin: Begin, caller: Caller, user_id: UUID, wanted: NewExport) -> AccountExport:
        """The same, for its owner or an administrator, who shows once more who he is. Raises what the guard does."""
        await self._guard.ensure(caller, wanted)
        return await self.ask(await begin(), user_id, include_files=wanted.include_files)

    async def get(self, db: Connection, user_id: UUID) -> AccountExport:
        """How far it is. Raises NoExport."""
        row = await repository.find_export(db, user_id)
        if row is None:
            raise NoExport
        if row.ready_at is None:
            state: Literal["making", "failed"] = "making" if row.failed_at is None else "failed"
            return AccountExport(state, row.percent, row.asked_at, row.include_files, None, None, None, None)
        until = row.ready_at + timedelta(days=self._days)
        return AccountExport(
            "ready", 100, row.asked_at, row.include_files, row.ready_at, until, row.size, row.archives
        )

    async def addresses_by(self, begin: Begin, caller: Caller, user_id: UUID, proof: Proof) -> ExportAddresses:
        """Where to fetch it, for whoever shows once more who he is: it lies there for days.

        Raises NoExport, and what the guard does.
        """
        await self._guard.ensure(caller, proof)
        db = await begin()
        row = await repository.find_export(db, user_id)
        if row is None or row.ready_at is None:
            raise NoExport
        await audit.record(db, "account.export_fetched", user_id, account=user_id)
        urls = []
        for number in range(1, row.archives + 1):
            saved = f'attachment; filename="matinee-{row.asked_at:%Y-%m-%d}{_ending(number)}"'
            urls.append(await self._storage.get_url(_key(user_id, row.id, number), _URL_SECONDS, saved))
        return ExportAddresses(urls, _URL_SECONDS)

    async def make(self, run: JobRun, user_id: str, export_id: str) -> None:
        """Job: writes the archives anew, whatever an earlier run has left of it."""
        account, wanted = UUID(user_id), UUID(export_id)
        async with self._database.connection() as db:
            row = await repository.find_export(db, account)
        if row is None or row.id != wanted or row.failed_at is not None:
            await self._discard(account, wanted)  # an earlier run may have completed it
            return
        if row.ready_at is not None:
            return
        await self._abort(account, wanted)
        await self.remove(account)  # the export before this one goes with what is left of it
        volumes = Volumes(self._storage, partial(_key, account, wanted))
        for name, read in self._listings.items():
            await volumes.add(f"{name}.json", as_json(items_of(self._database, read, account)))
        await self._add_files(run, volumes, account, row)
        await volumes.close()
        async with self._database.transaction() as db:
            await ensure_owned(db, run)
            is_wanted = await repository.finish_export(db, account, wanted, volumes.size, volumes.count)
        if not is_wanted:
            await self._discard(account, wanted)

    async def give_up(self, db: Connection, user_id: str, export_id: str) -> None:
        """The job was given up: it can be asked for again."""
        await repository.fail_export(db, UUID(user_id), UUID(export_id))

    async def forget_old(self) -> None:
        """Periodic: removes what can be fetched no longer."""
        async with self._database.connection() as db:
            old = await repository.list_old_exports(db, self._days)
        for user_id in old:
            await self.remove(user_id)
            async with self._database.transaction() as db:
                await repository.forget_export(db, user_id, self._days)

    async def remove(self, user_id: UUID) -> None:
        """Deletes whatever is stored of an account's exports."""
        await self._storage.delete_prefix(_prefix(user_id))

    async def _discard(self, user_id: UUID, export_id: UUID) -> None:
        """Removes what is stored of an export."""
        await self._abort(user_id, export_id)
        await self._storage.delete_prefix(f"{_prefix(user_id)}{export_id}")

    async def _abort(self, user_id: UUID, export_id: UUID) -> None:
        """Ends its uploads. The archive that is not complete is the first that is no object."""
        for number in count(1):
            await self._storage.abort_uploads(_key(user_id, export_id, number))
            try:
                await self._storage.size(_key(user_id, export_id, number))
            except NoSuchObjectError:
                return

    async def _add_files(self, run: JobRun, volumes: Volumes, account: UUID, row: ExportRow) -> None:
        """Text tracks; files of videos, or where they are."""
        async with self._database.connection() as db:
            total = await repository.count_files(db, account)
        done, told = 0, time.monotonic()
        async for file in self._files(account):
            if file.language is not None:
                key = keys.captions_key(file.video_id, file.id)
                await self._add(volumes, f"captions/{file.video_id}/{file.language}-{file.id}.vtt", key)
            elif row.include_files:
                await self._add(volumes, f"files/{file.id}{_suffix(file.name)}", _source(file), compress=False)
            done += 1
            if time.monotonic() - told >= _TELL_SECONDS:
                told = time.monotonic()
                async with self._database.transaction() as db:
                    await ensure_owned(db, run)
                    await repository.tell_percent(db, account, row.id, min(99, 100 * done // max(total, 1)))
        if not row.include_files:
            await volumes.add("files.json", as_json(self._links(account)))

    async def _files(self, account: UUID) -> AsyncIterator[FileRow]:
        after: tuple[UUID, UUID] | None = None
        while True:
            async with self._database.connection() as db:
                files = await repository.list_files(db, account, after)
            for file in files:
                yield file
            if len(files) < repository.FILES_AT_ONCE:
                return
            after = files[-1].video_id, files[-1].id

    async def _add(self, volumes: Volumes, name: str, key: str, *, compress: bool = True) -> None:
        try:
            size = await self._storage.size(key)
        except NoSuchObjectError:  # deleted meanwhile
            return
        await volumes.add(name, self._storage.stream(key), size=size, compress=compress)

    async def _links(self, account: UUID) -> AsyncIterator[LinkedFile]:
        async for file in self._files(account):
            if file.language is None:
                url = await self._storage.get_url(_source(file), _FILE_SECONDS)
                yield LinkedFile(file.video_id, file.name, file.size, url)


def _prefix(user_id: UUID) -> str:
    return f"exports/{user_id}/"


def _key(user_id: UUID, export_id: UUID, number: int) -> str:
    return f"{_prefix(user_id)}{export_id}{_ending(number)}"


def _ending(number: int) -> str:
    return ".zip" if number == 1 else f"-{number}.zip"


def _source(file: FileRow) -> str:
    return keys.source_key(file.source_id, file.source_revision)


def _suffix(name: str) -> str:
    """What a file's name ends with, where that is a plain word."""
    suffix = PurePath(name).suffix
    return suffix if suffix[1:].isascii() and suffix[1:].isalnum() else ""
