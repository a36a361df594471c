"""`matinee doctor`: every setting and dependency, and what is wrong with it in a sentence."""

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib
import asyncpg
from rich.console import Console

from matinee.app import WEB
from matinee.bootstrap import module_keys
from matinee.cli.bucket import open_bucket
from matinee.cli.cors import find_refusals, origins_of
from matinee.common.config import ConfigError, Settings
from matinee.common.database import Database, DatabaseUnavailable, connect, fetch_value
from matinee.common.environment import load_settings
from matinee.common.errors import Unavailable
from matinee.common.keys.port import KeysUnavailable
from matinee.common.mail.smtp import SmtpMailer
from matinee.common.migrations import missing_migrations
from matinee.media.binaries import BinaryNotFound, find_binaries
from matinee.media.hardware import EncoderUnavailable, ensure_encoder
from matinee.media.sandbox import landlock_abi
from matinee.media.speech.listener import SpeechFailed, SpeechRefused, listening
from matinee.media.speech.models import NoSpeech, find_model, whisper_program
from matinee.media.speech.sound import SAMPLE_BYTES, SAMPLE_RATE
from matinee.modules.encoding import scratch
from matinee.modules.playback import cell_cache
from matinee.modules.playback.cdn import signer

_OLDEST_POSTGRES = 140000  # multiranges came with 14
_LANDLOCK_WITH_NETWORK = 4
_SILENCE = bytes(SAMPLE_RATE * SAMPLE_BYTES)
_PROBE_KEY = ".matinee/doctor"
_PROBE = b"matinee doctor"

Finding = tuple[bool, str, str]  # fine, what, sentence


async def examine(*, fix: bool = False) -> bool:
    """Prints a line for each thing that was checked; False where something is wrong.

    With `fix` what is wrong with the bucket's rules is put right first.
    """
    console = Console(soft_wrap=True)
    fine = True
    async for ok, what, sentence in _findings(fix):
        fine = fine and ok
        console.print(f"[{'green' if ok else 'red'}]{'ok   ' if ok else 'FAULT'}[/] {what:<12} {sentence}")
    return fine


async def _findings(fix: bool) -> AsyncIterator[Finding]:
    try:
        settings = load_settings()
    except ConfigError as error:
        for fault in error.faults:
            yield False, "settings", f"{fault.path}: {fault.message}"
        return
    yield True, "settings", "All are valid."
    checks: list[Callable[[Settings], Awaitable[Finding]]] = [
        _keys,
        _database,
        _storage,
        _mend_cors if fix else _cors,
        _mend_encryption if fix else _encryption,
        _ffmpeg,
        _encoder,
        _sandbox,
        _scratch,
        _cells,
        _delivery,
        _speech,
        _mail,
    ]
    for check in checks:
        yield await check(settings)
    if (former := settings.former()) is not None:
        yield await _storage(former)
    yield _pages()


async def _keys(settings: Settings) -> Finding:
    """Whether the module of keys, if there is one, has them all and uses them."""
    if settings.key_module is None:
        return True, "keys", "Held by each process, as MATINEE_KEY_MODULE is not set."
    try:
        for key in module_keys(settings):
            await asyncio.to_thread(key.load)
            await key.derive(_PROBE)
            await key.sign(_PROBE)
    except ConfigError as error:
        return False, "keys", error.faults[0].message
    except KeysUnavailable as error:
        missing = " `matinee keys make` makes what is missing." if "NoSuchKey" in error.detail else ""
        return False, "keys", f"{settings.key_module}, token {settings.key_token!r}: {error.detail}{missing}"
    return True, "keys", f"Token {settings.key_token!r} derives and signs with {settings.key_ids[0]}."


async def _database(settings: Settings) -> Finding:
    database = Database(settings.database_url, size=2, name="matinee-doctor")
    try:
        parts = urlsplit(settings.database_url)  # its query may hold a password, too
        where = parts.netloc.rpartition("@")[2] + parts.path
        connection = await connect(settings.database_url, "matinee-doctor")
        await connection.close()
        await database.open()
        async with database.connection() as db:
            version = int(await fetch_value(db, "SHOW server_version_num"))
            missing = await missing_migrations(db)
    except (DatabaseUnavailable, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        return False, "database", f"{where} does not let us in: {error.__cause__ or error}"
    finally:
        await database.close()
    if version < _OLDEST_POSTGRES:
        return False, "database", f"PostgreSQL {version // 10000} is too old; 14 or newer is needed."
    if missing:
        return False, "database", f"Not migrated: {', '.join(missing)}. Run `matinee migrate`."
    return True, "database", f"PostgreSQL {version // 10000} at {where}, schema up to date."


async def _storage(settings: Settings) -> Finding:
    try:
        async with open_bucket(settings) as bucket:
            await bucket.put(_PROBE_KEY, b"probe", "text/plain")
            if await bucket.read(_PROBE_KEY, 1, 3) != b"rob":
                return False, "storage", "A range of an object came back wrong; this S3 cannot be used."
            await bucket.delete_prefix(_PROBE_KEY)
    except Unavailable as error:
        return False, "storage", f"{settings.s3_endpoint_url or 'AWS'}, bucket {settings.s3_bucket!r}: {error.detail}"
    return True, "storage", f"Bucket {settings.s3_bucket!r} can be written and read."


async def _cors(settings: Settings) -> Finding:
    """Browsers upload straight to the storage: it must let our pages in, and show them the ETag."""
    try:
        refusals = await find_refusals(settings)
    except (aiohttp.ClientError, TimeoutError) as error:
        return False, "cors", f"The storage's public address does not answer: {type(error).__name__}."
    except Unavailable as error:
        return False, "cors", error.detail
    if refusals:
        return False, "cors", f"{' '.join(refusals)} `matinee doctor --fix` sets them."
    can = "upload and play" if settings.delivery == "redirect" else "upload"
    return True, "cors", f"The bucket lets {', '.join(origins_of(settings))} {can}."


async def _mend_cors(settings: Settings) -> Finding:
    """The same, after the bucket was told to let our pages in where it does not."""
    found = await _cors(settings)
    if found[0]:
        return found
    try:
        async with open_bucket(settings) as bucket:
            await bucket.let_in(origins_of(settings))
    except Unavailable as error:
        return False, "cors", f"{found[2].partition(' `matinee')[0]} {error.detail}"
    return await _cors(settings)


async def _encryption(settings: Settings) -> Finding:
    """Whether files are encrypted where they lie, as far as the storage tells."""
    required = settings.s3_encryption == "required"
    try:
        async with open_bucket(settings) as bucket:
            algorithm = await bucket.encryption()
    except Unavailable as error:
        return not required, "encryption", f"Whether the bucket encrypts what it keeps is not known: {error.detail}"
    if algorithm is not None:
        return True, "encryption", f"The bucket encrypts what comes into it ({algorithm})."
    if required:
        return False, "encryption", "The bucket keeps files as they come. `matinee doctor --fix` has it encrypt them."
    return True, "encryption", "The bucket keeps files as they come, and MATINEE_S3_ENCRYPTION does not ask for more."


async def _mend_encryption(settings: Settings) -> Finding:
    """The same, after the bucket was told to encrypt where it must and does not."""
    found = await _encryption(settings)
    if found[0]:
        return found
    try:
        async with open_bucket(settings) as bucket:
            await bucket.encrypt()
    except Unavailable as error:
        return False, "encryption", f"{error.detail} Have the bucket encrypt where the storage is administered."
    return await _encryption(settings)


async def _ffmpeg(settings: Settings) -> Finding:
    try:
        programs = find_binaries(_text(settings.ffmpeg_path), _text(settings.ffprobe_path))
    except BinaryNotFound as error:
        return False, "ffmpeg", str(error)
    for program in (programs.ffprobe, programs.ffmpeg):
        try:
            process = await asyncio.create_subprocess_exec(
                program, "-version", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
            )
            output, _ = await process.communicate()
        except OSError as error:
            return False, "ffmpeg", f"It cannot be run: {error}."
        if process.returncode != 0:
            return False, "ffmpeg", f"{program} ended with code {process.returncode}."
    return True, "ffmpeg", output.decode(errors="replace").partition(" Copyright")[0] + "."


async def _encoder(settings: Settings) -> Finding:
    """Whether this machine can be a worker with what the settings want H.264 to be encoded by."""
    encoder = settings.h264_encoder
    try:
        programs = find_binaries(_text(settings.ffmpeg_path), _text(settings.ffprobe_path))
        await ensure_encoder(encoder, str(settings.vaapi_device), programs)
    except (BinaryNotFound, EncoderUnavailable) as error:
        return False, "encoder", str(error)
    where = f" on {settings.vaapi_device}" if encoder == "h264_vaapi" else ""
    return True, "encoder", f"H.264 is encoded by {encoder}{where}."


async def _sandbox(settings: Settings) -> Finding:
    del settings
    abi = landlock_abi()
    if abi == 0:
        sentence = "This kernel has no Landlock: FFmpeg runs with resource limits alone. Prefer Linux 6.7 or newer."
        return True, "sandbox", sentence
    if abi < _LANDLOCK_WITH_NETWORK:
        return True, "sandbox", f"Landlock {abi} confines FFmpeg's files, not its connections (Linux 6.7 does both)."
    return True, "sandbox", f"Landlock {abi} confines FFmpeg's files and connections."


async def _scratch(settings: Settings) -> Finding:
    folder = settings.scratch_dir or scratch.default_folder()
    return await asyncio.to_thread(_examine_folder, "scratch", folder, settings.scratch_bytes)


async def _cells(settings: Settings) -> Finding:
    if settings.delivery != "stream":
        return True, "cells", "Not kept here: they go past the API."
    folder = settings.cell_cache_dir or cell_cache.default_folder()
    if os.access(folder, os.F_OK) and folder.stat().st_uid != os.geteuid():  # as the API sees it when it starts
        return False, "cells", f"{folder} belongs to another user; it must be this one's."
    return await asyncio.to_thread(_examine_folder, "cells", folder, settings.cell_cache_bytes)


async def _delivery(settings: Settings) -> Finding:
    if settings.delivery != "cdn":
        return True, "delivery", f"By {settings.delivery}."
    try:
        signer(settings)
    except ConfigError as error:
        return False, "delivery", "; ".join(f"{fault.path}: {fault.message}" for fault in error.faults)
    return True, "delivery", f"By {settings.cdn_url}, with addresses signed for {settings.cdn_signing}."


async def _speech(settings: Settings) -> Finding:
    """Whether captions can be made by machine. They are an extra: without it all is well, unless one was set up."""
    try:
        model = await asyncio.to_thread(find_model, settings.speech_model)
        program = whisper_program(model, threads=settings.speech_threads)
        async with listening(program) as listener:
            await listener.hear(_SILENCE, None)
    except NoSpeech as error:
        return settings.speech_model is None, "speech", str(error)
    except (SpeechFailed, SpeechRefused) as error:
        return False, "speech", f"The model in {model.folder} cannot hear: {error}"
    if not settings.speech_slots:
        return True, "speech", f"{model.folder} hears, but MATINEE_SPEECH_SLOTS is 0: this worker makes no captions."
    return True, "speech", f"{model.folder} hears."


async def _mail(settings: Settings) -> Finding:
    if settings.smtp_host is None:
        where = (
            f"Written to {settings.mail_folder}" if settings.mail_folder else "Off, as MATINEE_SMTP_HOST is not set"
        )
        return True, "mail", f"{where}."
    try:
        await SmtpMailer(settings).check()
    except (OSError, aiosmtplib.SMTPException) as error:
        return False, "mail", f"{settings.smtp_host} does not let us in: {error}"
    return True, "mail", f"By {settings.smtp_host}, from {settings.mail_from}."


def _examine_folder(what: str, folder: Path, limit: int) -> Finding:
    """Whether up to `limit` bytes can be kept there. Makes nothing: the folder would belong to whoever asks."""
    present = next(path for path in (folder, *folder.absolute().parents) if os.access(path, os.F_OK))
    if not present.is_dir():
        return False, what, f"{folder} cannot be made: {present} is no folder."
    if not os.access(present, os.W_OK | os.X_OK):
        return False, what, f"{folder} cannot be {'written to' if present == folder else f'made in {present}'}."
    free = shutil.disk_usage(present).free
    held = _size(folder) if present == folder else 0
    if free + held < limit:
        return False, what, f"{folder} has {free // 2**20} MiB free of the {limit // 2**20} MiB that it may take."
    return True, what, f"{folder} has {free // 2**20} MiB free."


def _size(folder: Path) -> int:
    """Bytes of the files in it; those that go meanwhile count nothing."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(parent, name).lstat().st_size
    return total


def _text(path: Path | None) -> str | None:
    return str(path) if path else None


def _pages() -> Finding:
    if not (WEB / "index.html").is_file():
        return False, "pages", "The web pages are not built; run `make web`."
    return True, "pages", "Built."
