"""A worker process: the queue's lanes, the sweeper, and an orderly end."""

import asyncio
import signal
import socket
import time
from contextlib import AsyncExitStack

import structlog

from matinee.bootstrap import open_services
from matinee.common.config import Settings
from matinee.common.database import Database
from matinee.common.jobs import JobQueue, Lane, WorkerIdentity
from matinee.common.storage.port import Storage
from matinee.media.binaries import find_binaries
from matinee.media.hardware import ensure_encoder
from matinee.media.speech.listener import SpeechProgram
from matinee.media.speech.models import NoSpeech, find_model, whisper_program
from matinee.modules.downloads.runner import DownloadRunner
from matinee.modules.encoding.jobs import HARDWARE
from matinee.modules.encoding.marks import DefaultMark, read_default_mark
from matinee.modules.encoding.runners import EncodingRunners
from matinee.modules.encoding.scratch import Scratch
from matinee.modules.encoding.source_server import SourceServer
from matinee.modules.imports.runner import ImportRunner
from matinee.modules.integrity.hashing import FileHashing
from matinee.modules.pictures.runners import PictureRunners
from matinee.modules.replacements.runner import ReplacementRunner
from matinee.modules.search.indexing import Indexer
from matinee.modules.sounds.runner import SoundRunner
from matinee.modules.tracks.extraction import TextExtraction
from matinee.modules.tracks.hearing import Hearing
from matinee.upkeep import register_upkeep

log = structlog.get_logger()

INGEST_SLOTS = 3  # what people wait for: two videos at once, and a long sound track beside them
DEMAND_SLOTS = 2  # what viewers wait for; the background is held meanwhile
UPKEEP_SLOTS = 1
MAIL_SLOTS = 2  # they wait for the mail server; one of them, it may be, for as long as it takes to see that it hangs
FILES_SLOTS = 1  # a large file is read for minutes: nothing else may wait behind it, nor two compete for the storage
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_NEXT_CANCELLATION = 1.0  # seconds; what was cancelled needs a moment to end its FFmpeg
_LANE_END_SECONDS = 10.0  # what a lane needs beyond its jobs
_STEADY_SECONDS = 30.0  # a lane that ran this long is restarted without delay when it ends


class Worker:
    """Runs jobs over open connections. Any number of workers may run anywhere."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        storage: Storage,
        queue: JobQueue,
        speech: SpeechProgram | None = None,
        mark: DefaultMark | None = None,
    ) -> None:
        """`speech` hears; None: what the settings name, if it is there. `mark`: what the settings name."""
        self._settings = settings
        self._queue = queue
        # those of a kind say the same
        labels = tuple(sorted({*settings.worker_labels, *HARDWARE[settings.h264_encoder]}))
        self._who = WorkerIdentity(settings.worker_name or socket.gethostname(), labels)
        self._sources = SourceServer(storage, Scratch(settings.scratch_dir), settings.scratch_bytes)
        self._encoding = EncodingRunners(settings, database, storage, queue, self._sources, mark)
        self._encoding.register()
        PictureRunners(settings, database, storage, queue, self._encoding.attend).register()
        DownloadRunner(database, storage, queue, self._encoding).register()
        SoundRunner(settings, database, queue, self._sources, self._encoding.attend).register()
        ReplacementRunner(
            database, storage, queue, self._encoding.attend, big_pixels=settings.big_source_pixels
        ).register()
        TextExtraction(settings, database, storage, queue, self._sources, self._encoding.attend).register()
        FileHashing(database, storage, queue, self._encoding.attend).register()
        ImportRunner(settings, database, storage, queue, self._encoding.attend).register()
        self._indexer = Indexer(database, storage)
        self._speech = speech or _speech_program(settings)
        if self._speech is not None:
            Hearing(settings, database, storage, queue, self._encoding.attend, self._speech).register()

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event) -> None:
        """Works until `stop`; then takes no more jobs and lets those that run go on for the grace time.

        What is unfinished then, or when `hurry` is set, is handed back and does not count as an attempt. No FFmpeg
        is left when this returns.
        """
        slots: dict[Lane, int] = {
            "ingest": INGEST_SLOTS,
            "demand": DEMAND_SLOTS,
            "encode": self._settings.worker_slots,
            "upkeep": UPKEEP_SLOTS,
            "files": FILES_SLOTS,
        }
        if self._speech is not None and self._settings.speech_slots:
            slots["speech"] = self._settings.speech_slots
        if self._settings.import_slots:
            slots["imports"] = self._settings.import_slots
        if self._settings.sends_mail:
            slots["mail"] = MAIL_SLOTS
        async with AsyncExitStack() as resources:
            resources.push_async_callback(self._sources.close)
            await self._sources.open()
            await resources.enter_async_context(self._queue.running())
            tasks = [asyncio.create_task(self._keep_working(lane, count)) for lane, count in slots.items()]
            tasks.append(asyncio.create_task(self._keep_sweeping()))
            tasks.append(asyncio.create_task(self._indexer.keep_indexing()))
            log.info("worker_started", slots=slots)
            try:
                await stop.wait()
            finally:
                log.info("worker_stopping", grace_seconds=self._settings.worker_grace_seconds)
                hurrying = asyncio.create_task(self._hand_back(hurry))
                await self._end(tasks)
                hurrying.cancel()
        log.info("worker_stopped")

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        """Ends the lanes, which wait for their jobs, and the sweeper."""
        left = set(tasks)
        while left:
            for task in left:
                task.cancel()
            # not sooner again: a lane's second cancellation would end its waiting for jobs
            _, left = await asyncio.wait(left, timeout=self._settings.worker_grace_seconds + _LANE_END_SECONDS)

    async def _keep_working(self, lane: Lane, slots: int) -> None:
        """Runs a lane, and again when it ends, as it does when its database connection drops."""
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                grace = self._settings.worker_grace_seconds
                await self._queue.work(lane, slots=slots, grace=grace, who=self._who)
                log.warning("lane_ended", lane=lane)
            except Exception as error:  # noqa: BLE001  # whatever ended the lane, a worker without it is useless
                log.warning("lane_failed", lane=lane, error=repr(error))
            pause = _FIRST_PAUSE if time.monotonic() - began > _STEADY_SECONDS else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)

    async def _keep_sweeping(self) -> None:
        """Takes dead workers' jobs back, also those of this worker's former lanes."""
        while True:
            try:
                await self._queue.sweep()
            except Exception as error:  # noqa: BLE001  # the database may be away; the next sweep tries again
                log.warning("sweep_failed", error=repr(error))
            await asyncio.sleep(self._settings.worker_heartbeat_seconds)

    async def _hand_back(self, hurry: asyncio.Event) -> None:
        """Ends the jobs when the grace time is over, or at once where `hurry` is set."""
        try:
            async with asyncio.timeout(self._settings.worker_grace_seconds):
                await hurry.wait()
        except TimeoutError:
            log.warning("worker_grace_over")
        while True:
            self._encoding.hand_back()
            # once more: before Python 3.12 wait_for() swallows a cancellation that meets an answer
            await asyncio.sleep(_NEXT_CANCELLATION)


def _speech_program(settings: Settings) -> SpeechProgram | None:
    """What hears; None where this worker cannot, and leaves it to others."""
    try:
        return whisper_program(find_model(settings.speech_model), threads=settings.speech_threads)
    except NoSpeech as error:
        log.info("no_speech_lane", reason=str(error))
        return None


async def work_until_signalled(worker: Worker) -> None:
    """Runs the worker until SIGTERM or SIGINT; a second signal ends the grace time."""
    stop, hurry = asyncio.Event(), asyncio.Event()

    def signalled() -> None:
        (hurry if stop.is_set() else stop).set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled)
    try:
        await worker.run(stop, hurry)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


async def run_worker(settings: Settings) -> None:
    """A whole worker process, from its settings to its end by a signal.

    Raises EncoderUnavailable where this machine cannot encode as the settings want it.
    """
    programs = find_binaries(*(str(p) if p else None for p in (settings.ffmpeg_path, settings.ffprobe_path)))
    await ensure_encoder(settings.h264_encoder, str(settings.vaapi_device), programs)
    async with open_services(settings, name="matinee-worker") as services:
        register_upkeep(services)
        mark = await read_default_mark(settings)
        await work_until_signalled(Worker(settings, services.database, services.storage, services.queue, mark=mark))
