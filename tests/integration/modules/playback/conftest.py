"""Playback alone behind the real edge, over the real database and storage, and films to play."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.integration.conftest import Clock
from tests.integration.modules.playback.proxies import until_answered
from tests.ports import free_port
from tests.unit.media.plans import plan, sound

from matinee.bootstrap import secret_keys
from matinee.common.config import Settings
from matinee.common.database import Database, execute, fetch_value
from matinee.common.http.authentication import AccessTokens, Caller
from matinee.common.http.call import Runtime
from matinee.common.http.edge import Edge
from matinee.common.http.router import Router
from matinee.common.http.token_prefix import TokenPrefix
from matinee.common.jobs import JobQueue
from matinee.common.keys.environment import SecretTokenKey
from matinee.common.keys.ring import Keys
from matinee.common.mail.post import Post
from matinee.common.notifications import Notifications, announce
from matinee.common.storage.s3 import S3Storage
from matinee.media import keys
from matinee.media.captions.model import Cue
from matinee.media.captions.vtt import write_vtt
from matinee.media.model import AudioRendition, Plan, VideoRendition
from matinee.media.speed import work_of
from matinee.modules.api_keys.verification import ApiKeys
from matinee.modules.auth.endings import Endings
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.passwords import Passwords
from matinee.modules.encoding.offers import Offers
from matinee.modules.encoding.service import EncodingService
from matinee.modules.encryption.content_keys import ContentKeys
from matinee.modules.encryption.routes import EncryptionRoutes
from matinee.modules.encryption.service import EncryptionService
from matinee.modules.pages.embed import EmbedPage
from matinee.modules.playback.caption_routes import CaptionRoutes
from matinee.modules.playback.captions import CaptionPlayback
from matinee.modules.playback.cell_cache import CellCache
from matinee.modules.playback.cells import Cells
from matinee.modules.playback.cross_origin import CrossOriginPlayback, PlaybackPreflights
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.encrypted import EncryptedCells
from matinee.modules.playback.playlists import Playlists
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.routes import CELL, PlaybackRoutes
from matinee.modules.playback.service import PlaybackService
from matinee.modules.playback.warm import warm_cells
from matinee.modules.teams.memberships import Memberships
from matinee.modules.tokens.guesses import Guesses
from matinee.modules.tokens.keys import KeyRing
from matinee.modules.tokens.repository import Algorithm
from matinee.modules.tokens.routes import TokenRoutes
from matinee.modules.tokens.schemas import NewlyMadeKey
from matinee.modules.tokens.seals import Seals
from matinee.modules.tokens.service import TokenService
from matinee.modules.tokens.signing_keys import SigningKeyService
from matinee.modules.tokens.verification import PlaybackTokens
from matinee.modules.tracks.repository import NewRow, insert_track
from matinee.modules.videos.oversight import note_change
from matinee.modules.videos.service import VideoService

TRACK = UUID("5f0c8a52-5b5e-4a55-9a0c-0d1f7c3f1a11")
"""Of the films that have everything."""

_ADD_USER = "INSERT INTO users (email, password_hash, name) VALUES (%s, 'none', 'Ada') RETURNING id"
_ADD_VIDEO = """
INSERT INTO videos (owner_id, title, visibility, status, failure_code, filename, filesize, filetype, part_size, plan)
VALUES (%s, 'Sea', %s, %s, %s, 'sea.mp4', 1000, 'video/mp4', 1000, %s) RETURNING id
"""
_ADD_RENDITION = """
INSERT INTO renditions (video_id, name, kind, recipe, position, cells) VALUES (%s, %s, %s, %s, %s, %s)
"""
_RECORD = """
UPDATE renditions SET stored = stored + int4multirange(int4range(%(i)s, %(i)s + 1)), bytes = bytes + %(size)s,
    keyframe_bytes[%(i)s + 1] = 10, init_hash = 'x'
WHERE video_id = %(id)s AND name = %(name)s
"""

_MEASURE = """
INSERT INTO encode_speeds (labels, encoder, side, rate, source_side, alone, film, seconds, slow)
VALUES ('{}', %(encoder)s, %(side)s, %(rate)s, %(source_side)s, true, %(film)s, 60, %(slow)s)
ON CONFLICT (labels, encoder, side, rate, source_side) DO UPDATE SET film = EXCLUDED.film, slow = EXCLUDED.slow
"""


class Encoder:
    """Who is asked for cells that do not exist; does what a test tells it to."""

    def __init__(self) -> None:
        self.asked: list[tuple[UUID, str, int]] = []
        self.answer: Callable[[UUID, str, int], Awaitable[None]] | None = None

    async def want_cell(self, video_id: UUID, plan: Plan, rendition: str, index: int) -> None:
        self.asked.append((video_id, rendition, index))
        assert plan.rendition(rendition)
        if self.answer is not None:
            await self.answer(video_id, rendition, index)


class Film:
    """A video in the database and its objects in the storage."""

    def __init__(
        self, database: Database, storage: S3Storage, clock: Clock, video_id: UUID, owner_id: UUID, made: Plan
    ) -> None:
        self.database, self.storage, self.clock = database, storage, clock
        self.id, self.owner_id, self.plan = video_id, owner_id, made
        self.url = f"/playback/{video_id}"

    def cell_url(self, index: int | str, rendition: str = "v240") -> str:
        return f"{self.url}/r1/{rendition}/{index}.m4s"

    async def store(
        self, index: int, rendition: str = "v240", data: bytes | None = None, init: bytes | None = None
    ) -> bytes:
        """Stores a cell (and the init segment) as an encode does: objects first, then the record, then the news."""
        data = data if data is not None else f"{rendition}/{index} ".encode() * 1000
        init = init if init is not None else b"init " + rendition.encode()
        await self.storage.put(keys.init_key(self.id, "r1", rendition), init, "video/mp4")
        await self.storage.put(keys.cell_key(self.id, "r1", rendition, index), data, "video/mp4")
        async with self.database.transaction() as db:
            record = {"i": index, "size": len(data), "id": self.id, "name": rendition}
            assert await execute(db, _RECORD, record) == 1
            await announce(db, str(self.id))
        self.clock.offset += 1  # second: what was read before is forgotten
        return data

    async def add_track(self, cues: list[Cue], track_id: UUID | None = None, **about: Any) -> UUID:
        """Adds a text track as an upload does: its file first, then the record."""
        track_id = track_id or uuid4()
        text = write_vtt(cues).encode()
        await self.storage.put(keys.captions_key(self.id, track_id), text, "text/vtt")
        row = {"kind": "subtitles", "language": "en", "name": "", "is_default": False, "is_forced": False, **about}
        new = NewRow(id=track_id, format="vtt", encoding="utf-8", cues=len(cues), **row)
        async with self.database.transaction() as db:
            await insert_track(db, self.id, new)
        self.clock.offset += 1
        return track_id

    async def measure(self, rendition: str, times: float) -> None:
        """The only workers, of which none lives now, made such renditions at so many times real time."""
        rung = self.plan.rendition(rendition)
        assert isinstance(rung, VideoRendition)
        async with self.database.connection() as db:
            work = msgspec.structs.asdict(work_of(self.plan, rung))
            await execute(db, _MEASURE, {**work, "film": 60 * times, "slow": times < 1})
        self.clock.offset += 5

    async def change(self, **columns: Any) -> None:
        """Changes columns of the row, as other features do."""
        async with self.database.connection() as db:
            wanted = ", ".join(f"{name} = %s" for name in columns)
            await execute(db, f"UPDATE videos SET {wanted} WHERE id = %s", (*columns.values(), self.id))  # type: ignore[arg-type]
        self.clock.offset += 1


@pytest.fixture
def encoder() -> Encoder:
    """The asked-for side of wanted cells."""
    return Encoder()


@pytest.fixture
def tokens(settings: Settings) -> AccessTokens:
    """Signs people in."""
    return AccessTokens({"test": SecretTokenKey(settings.signing_keys()["test"])}, lifetime=900)


@pytest.fixture
def endings(database: Database, clock: Clock) -> Endings:
    """Knows who has signed out."""
    return Endings(database, longest=900, clock=clock)


@pytest.fixture
def signers(settings: Settings, database: Database, clock: Clock) -> KeyRing:
    """The keys of playback tokens."""
    return KeyRing(database, Keys(secret_keys(settings)), clock=clock)


@pytest.fixture
def signing_keys(database: Database, signers: KeyRing, queue: JobQueue, settings: Settings) -> SigningKeyService:
    """Makes such keys; nobody is written to."""
    post = Post(queue, None, sender="", public_url=settings.public_url, keys=Keys(secret_keys(settings)))
    return SigningKeyService(database, signers, Notices(post))


@pytest.fixture
def make_key(database: Database, signing_keys: SigningKeyService) -> Callable[..., Awaitable[NewlyMadeKey]]:
    """Makes one for a film's owner."""

    async def make(film: Any, algorithm: Algorithm = "EdDSA") -> NewlyMadeKey:
        owner = Caller(film.owner_id, "USER", None)
        return await signing_keys.add_key(database.transaction(), owner, film.owner_id, "shop", algorithm)

    return make


@pytest.fixture
def grants(
    settings: Settings, database: Database, signers: KeyRing, endings: Endings, clock: Clock
) -> PlaybackTokens:
    """Reads playback tokens."""
    return PlaybackTokens(
        signers,
        Seals(Keys(secret_keys(settings)), "http://localhost:3000"),
        endings,
        Memberships(database),
        clock=clock,
    )


@pytest.fixture
def playback_tokens(
    database: Database, storage: S3Storage, queue: JobQueue, signers: KeyRing, clock: Clock
) -> Iterator[TokenService]:
    """Signs playback tokens."""
    passwords = Passwords(parallelism=1)
    videos = VideoService(database, storage, queue, EncodingService(queue))
    guesses = Guesses(database, at_once=1)
    yield TokenService(database, videos, passwords, signers, guesses, own_seconds=600, clock=clock)
    passwords.close()


@pytest.fixture
def cell_wait() -> float:
    """Seconds that a request waits for a cell; a test overrides it where it waits in vain."""
    return 10.0


@pytest.fixture
def delivery_mode() -> str:
    """`MATINEE_DELIVERY`."""
    return "stream"


@pytest.fixture
def delivering(settings: Settings, delivery_mode: Any) -> Settings:
    """The settings that delivery goes by."""
    return msgspec.structs.replace(settings, delivery=delivery_mode)


@pytest.fixture
def shortened() -> bool:
    """Whether warm cells go the short way, as in the real application."""
    return True


@pytest.fixture
async def cache(storage: S3Storage, tmp_path: Path) -> AsyncIterator[CellCache]:
    """A cache of cells."""
    cache = CellCache(storage, tmp_path / "cells", limit=64 * 1024 * 1024)
    yield cache
    await cache.close()


@pytest.fixture
async def app(
    settings: Settings,
    database: Database,
    storage: S3Storage,
    tokens: AccessTokens,
    playback_tokens: TokenService,
    endings: Endings,
    grants: PlaybackTokens,
    signing_keys: SigningKeyService,
    encoder: Encoder,
    queue: JobQueue,
    clock: Clock,
    cache: CellCache,
    cell_wait: float,
    delivering: Settings,
    shortened: bool,
    tmp_path: Path,
) -> AsyncIterator[Any]:
    """Playback as an ASGI application, listening for news."""
    notifications = Notifications(settings.database_url)
    content_keys = ContentKeys(Keys(secret_keys(settings)), cells_per_key=2)
    encoding = EncodingService(queue, clock=clock)
    facts = PlaybackRepository(database)
    service = PlaybackService(facts, content_keys, clock=clock)
    playlists = Playlists(service, facts, content_keys, offers=Offers(database, encoding))
    cells = Cells(service, facts, notifications, encoder.want_cell, content_keys, wait_seconds=cell_wait, clock=clock)
    router = Router()
    delivery = Delivery(storage, cache, delivering)
    settings = msgspec.structs.replace(settings, country_header="X-Country", trusted_proxies=("127.0.0.1",))
    encrypted = EncryptedCells(storage, cache, content_keys)
    routes = PlaybackRoutes(playlists, cells, delivery, encrypted)
    api_keys, sealing = ApiKeys(database, clock=clock), Keys(secret_keys(settings))
    runtime = Runtime(settings, database, tokens, api_keys, grants, endings, sealing, note_change)
    captions = CaptionPlayback(service, facts, storage)
    videos = VideoService(database, storage, queue, encoding)
    encryption = EncryptionRoutes(EncryptionService(videos, service, facts, content_keys))
    router.mount(
        runtime, [routes, CaptionRoutes(captions, delivery), TokenRoutes(playback_tokens, signing_keys), encryption]
    )
    (tmp_path / "embed.html").write_text("<html><head></head></html>")
    router.add("GET", "/embed/{video_id}", EmbedPage(tmp_path, runtime, grants))
    if shortened:
        router.add("GET", CELL, warm_cells(runtime, routes, cells, delivery))
    listening = asyncio.create_task(notifications.listen())
    inner = PlaybackPreflights(router)
    edge = Edge(inner, timeout=30, https=False, content_security_policy="default-src 'none'")
    yield TokenPrefix(CrossOriginPlayback(edge))
    listening.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await listening


@pytest.fixture
async def player(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A player without an account."""
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:3000") as client:
        yield client


@pytest.fixture
def bearer(tokens: AccessTokens) -> Callable[..., dict[str, str]]:
    """Headers that sign somebody in: `bearer(user_id)`, `bearer(role="ADMIN")`."""

    def sign_in(user_id: UUID | None = None, role: Any = "USER") -> dict[str, str]:
        issuing = tokens.issue(Caller(user_id or uuid4(), role, uuid4()))
        with pytest.raises(StopIteration) as issued:  # a secret signs at once
            issuing.send(None)
        token = issued.value.value
        return {"Authorization": f"Bearer {token}"}

    return sign_in


@pytest.fixture
async def address(app: Any) -> AsyncIterator[str]:
    """Where the application answers behind Granian, in this process."""
    port = free_port()
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    await until_answered(f"http://127.0.0.1:{port}/playback/none/master.m3u8")
    yield f"127.0.0.1:{port}"
    server.stop()
    await serving


FilmMaker = Callable[..., Awaitable[Film]]


@pytest.fixture
def make_film(database: Database, storage: S3Storage, clock: Clock) -> FilmMaker:
    """Makes films of 20 s: `await make_film(visibility="private", status="PROCESSING")`."""

    async def make(
        *, visibility: str = "public", status: str = "READY", failure: str | None = None, made: Plan | None = None
    ) -> Film:
        made = made or plan(20, size=(854, 480), audio=sound())
        async with database.transaction() as db:
            owner = await fetch_value(db, _ADD_USER, (f"{secrets.token_hex(6)}@example.org",))
            row = (owner, visibility, status, failure, msgspec.json.encode(made).decode())
            video_id = await fetch_value(db, _ADD_VIDEO, row)
            for position, rendition in enumerate(made.renditions):
                kind = "audio" if isinstance(rendition, AudioRendition) else "video"
                new = (video_id, rendition.name, kind, made.recipe, position, made.grid.cells)
                await execute(db, _ADD_RENDITION, new)
        return Film(database, storage, clock, video_id, owner, made)

    return make


@pytest.fixture
async def film(make_film: FilmMaker) -> Film:
    """A public film of which nothing is stored yet."""
    return await make_film()


@pytest.fixture
def whole(make_film: FilmMaker) -> FilmMaker:
    """Makes films of which every path answers."""

    async def make(**fields: Any) -> Film:
        film = await make_film(**fields)
        await film.store(0)
        await film.add_track([Cue(0, 1000, "Hello")], track_id=TRACK)
        return film

    return make
