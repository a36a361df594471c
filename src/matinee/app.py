"""The HTTP application: features' routes behind one router, pages beside them, the edge around all."""

import asyncio
import contextlib
import functools
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import prometheus_client
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from matinee.bootstrap import Services, open_services
from matinee.common.config import Settings
from matinee.common.environment import load_settings
from matinee.common.http.call import Runtime
from matinee.common.http.contract import Operation, declared_operations
from matinee.common.http.cross_origin import CrossOriginAnswers, CrossOriginPreflights
from matinee.common.http.edge import Edge
from matinee.common.http.openapi import build_contract
from matinee.common.http.router import Router
from matinee.common.http.token_prefix import TokenPrefix
from matinee.common.logging import configure_logging
from matinee.modules.accounts.routes import AccountRoutes
from matinee.modules.administration.routes import AdministrationRoutes
from matinee.modules.api_keys.routes import ApiKeyRoutes
from matinee.modules.audit.routes import AuditRoutes
from matinee.modules.auth.cookie import SignInCookies
from matinee.modules.auth.devices import Devices
from matinee.modules.auth.recovery_routes import RecoveryRoutes
from matinee.modules.auth.routes import AuthRoutes
from matinee.modules.channels.routes import ChannelRoutes
from matinee.modules.clips.routes import ClipRoutes
from matinee.modules.comments.routes import CommentRoutes
from matinee.modules.downloads.routes import DownloadRoutes
from matinee.modules.encryption.routes import EncryptionRoutes
from matinee.modules.health.routes import HealthRoutes
from matinee.modules.history.routes import HistoryRoutes
from matinee.modules.imports.routes import ImportRoutes
from matinee.modules.jobs.routes import JobRoutes
from matinee.modules.pages.assets import Assets, Page
from matinee.modules.pages.embed import EmbedPage
from matinee.modules.pages.policy import INERT, page_policy
from matinee.modules.pages.problems import problems_page
from matinee.modules.passkeys.routes import PasskeyRoutes
from matinee.modules.pictures.routes import PictureRoutes
from matinee.modules.playback.caption_routes import CaptionRoutes
from matinee.modules.playback.cross_origin import CrossOriginPlayback, PlaybackPreflights
from matinee.modules.playback.routes import CELL, PlaybackRoutes
from matinee.modules.playback.transcript_routes import TranscriptRoutes
from matinee.modules.playback.warm import warm_cells
from matinee.modules.playlists.routes import PlaylistRoutes
from matinee.modules.quotas.routes import QuotaRoutes
from matinee.modules.reactions.routes import ReactionRoutes
from matinee.modules.replacements.routes import ReplacementRoutes
from matinee.modules.retention.routes import RetentionRoutes
from matinee.modules.search.routes import SearchRoutes
from matinee.modules.second_factor.routes import SecondFactorRoutes
from matinee.modules.sharing.routes import SharingRoutes
from matinee.modules.sign_in_providers.routes import SignInProviderRoutes
from matinee.modules.sounds.routes import SoundRoutes
from matinee.modules.subscriptions.routes import SubscriptionRoutes
from matinee.modules.teams.invitation_routes import InvitationRoutes
from matinee.modules.teams.routes import TeamRoutes
from matinee.modules.tokens.key_routes import SigningKeyRoutes
from matinee.modules.tokens.routes import TokenRoutes
from matinee.modules.tokens.verification import PlaybackTokens
from matinee.modules.tracks.routes import TrackRoutes
from matinee.modules.transfers.routes import TransferRoutes
from matinee.modules.uploads.routes import UploadRoutes
from matinee.modules.uploads.tus_routes import TusRoutes
from matinee.modules.users.routes import UserRoutes
from matinee.modules.videos.events import VideoEvents
from matinee.modules.videos.oversight import note_change
from matinee.modules.videos.routes import VideoRoutes
from matinee.modules.views.routes import ViewRoutes
from matinee.modules.watermarks.routes import WatermarkRoutes

WEB = Path(__file__).parent / "web"
# Objects made and not yet freed before the youngest generation is looked at (700 by default), and the older two.
_COLLECT_AFTER = (20_000, 20, 20)
ROUTES: tuple[type, ...] = (
    AuthRoutes,
    RecoveryRoutes,
    SecondFactorRoutes,
    PasskeyRoutes,
    SignInProviderRoutes,
    ApiKeyRoutes,
    AuditRoutes,
    AdministrationRoutes,
    AccountRoutes,
    UserRoutes,
    TeamRoutes,
    InvitationRoutes,
    QuotaRoutes,
    UploadRoutes,
    TusRoutes,
    ImportRoutes,
    ReplacementRoutes,
    VideoRoutes,
    SharingRoutes,
    CommentRoutes,
    ReactionRoutes,
    ViewRoutes,
    HistoryRoutes,
    SearchRoutes,
    PlaylistRoutes,
    ChannelRoutes,
    SubscriptionRoutes,
    TransferRoutes,
    TokenRoutes,
    SigningKeyRoutes,
    ClipRoutes,
    RetentionRoutes,
    JobRoutes,
    TrackRoutes,
    SoundRoutes,
    PictureRoutes,
    WatermarkRoutes,
    DownloadRoutes,
    PlaybackRoutes,
    EncryptionRoutes,
    CaptionRoutes,
    TranscriptRoutes,
    HealthRoutes,
)
TAGS = {
    "auth": "Registering, signing in and out.",
    "second factor": "What signing in asks for beside the password.",
    "passkeys": "A second factor, or a way in without a password.",
    "sign-in providers": "Signing in by somebody else's word: OpenID Connect.",
    "api keys": "Calling as a user without a password, from servers and scripts.",
    "administration": "Other people's accounts.",
    "audit": "Who did what, when and from where.",
    "users": "Profiles.",
    "teams": "Who owns videos together, and who is invited to.",
    "quotas": "What accounts may store.",
    "uploads": "Bringing a file in: straight to the object storage, by tus, or to one address.",
    "videos": "Finding, changing and following videos.",
    "sharing": "Whom a video is for, beside its owner.",
    "comments": "What people say about a video, and who decides what stays.",
    "reactions": "Likes, dislikes, views, and how many of everything.",
    "search": "Videos by what is said of them and in them.",
    "history": "What an account has watched, and where it goes on.",
    "playlists": "Videos in an order of one's own.",
    "channels": "What accounts show of themselves.",
    "subscriptions": "Which channels an account follows, and what these have published.",
    "tokens": "Playback tokens, and the keys that sign them.",
    "encoding": "Why a video is not complete, and what to do about it.",
    "captions": "Text tracks and chapters.",
    "sounds": "Sounds to choose from.",
    "pictures": "Posters, thumbnails, storyboards, previews, watermarks.",
    "downloads": "Videos as files.",
    "playback": "What players read: playlists, segments.",
    "encryption": "Keys of encrypted videos.",
    "health": "For load balancers and orchestrators.",
}


def all_operations() -> list[Operation]:
    """Every operation of the contract; needs no settings and no servers."""
    return [operation for routes in ROUTES for operation in declared_operations(routes)]


def export_contract() -> dict[str, Any]:
    """The OpenAPI document."""
    return build_contract(all_operations(), TAGS)


@functools.cache
def _contract() -> bytes:
    """The document as it is served; made once, because that takes 30 ms."""
    return msgspec.json.encode(export_contract())


@functools.cache
def _problems() -> bytes:
    """The page of problems; made once, too."""
    return problems_page(all_operations())


def create_app(services: Services) -> ASGIApp:
    """The application over open services; a caller that serves it also runs `services.notifications.listen()`."""
    settings = services.settings
    router = Router()
    runtime = Runtime(
        settings,
        services.database,
        services.tokens,
        services.api_keys,
        services.grants,
        services.endings,
        services.keys,
        note_change,
    )
    routes = _routes(services)
    assert set(ROUTES) == {type(owner) for owner in routes}, "what answers is what the contract tells of"
    router.mount(runtime, routes)
    playback = next(owner for owner in routes if isinstance(owner, PlaybackRoutes))
    router.add("GET", CELL, warm_cells(runtime, playback, services.cells, services.delivery))
    _add_pages(router, runtime, services.grants)
    https = settings.public_url.startswith("https://")
    app: ASGIApp = router
    if settings.cors_origins:
        app = CrossOriginPreflights(app, settings.cors_origins)
    app = PlaybackPreflights(app)
    app = Edge(app, timeout=settings.request_timeout_seconds, https=https, content_security_policy=INERT)
    if settings.cors_origins:
        app = CrossOriginAnswers(app, settings.cors_origins)
    return TokenPrefix(CrossOriginPlayback(app))


def _routes(services: Services) -> list[Any]:
    settings = services.settings
    cookies = SignInCookies(Devices(services.keys), days=settings.refresh_token_days)
    events = VideoEvents(services.database, services.videos, services.notifications, services.endings)
    return [
        AuthRoutes(services.auth, services.sessions, services.guard, cookies),
        RecoveryRoutes(services.recovery, services.invitations),
        SecondFactorRoutes(services.second_factor, services.authenticator, cookies),
        PasskeyRoutes(services.passkeys, cookies),
        SignInProviderRoutes(services.sign_in_providers, cookies),
        ApiKeyRoutes(services.key_exchange, services.guard, services.notices),
        AuditRoutes(services.database),
        AdministrationRoutes(services.administration),
        AccountRoutes(services.closing, services.exports),
        UserRoutes(),
        TeamRoutes(),
        InvitationRoutes(services.team_invitations),
        QuotaRoutes(services.quotas),
        UploadRoutes(services.uploads, services.receiver),
        TusRoutes(services.uploads, services.receiver, services.joining),
        ImportRoutes(services.imports),
        ReplacementRoutes(services.replacements),
        VideoRoutes(services.videos, events),
        SharingRoutes(services.sharing),
        CommentRoutes(services.comments),
        ReactionRoutes(services.reactions),
        ViewRoutes(services.views),
        HistoryRoutes(services.history),
        SearchRoutes(services.search),
        PlaylistRoutes(services.video_playlists),
        ChannelRoutes(services.channels),
        SubscriptionRoutes(services.subscriptions),
        TransferRoutes(services.transfers),
        TokenRoutes(services.playback_tokens, services.signing_keys),
        SigningKeyRoutes(services.signing_keys, services.guard),
        ClipRoutes(services.clips),
        RetentionRoutes(services.retention),
        JobRoutes(services.jobs),
        TrackRoutes(services.tracks, services.machine_captions, services.cue_editing),
        SoundRoutes(services.sounds),
        PictureRoutes(services.database, services.pictures, services.posters, services.delivery),
        WatermarkRoutes(services.watermarks),
        DownloadRoutes(services.downloads, services.delivery),
        PlaybackRoutes(services.playlists, services.cells, services.delivery, services.encrypted),
        EncryptionRoutes(services.encryption),
        CaptionRoutes(services.captions, services.delivery),
        TranscriptRoutes(services.transcripts),
        HealthRoutes(services.database, services.storage),
    ]


def _add_pages(router: Router, runtime: Runtime, tokens: PlaybackTokens) -> None:
    settings = runtime.settings
    policy = page_policy(settings)
    router.add("GET", "/", Page(WEB, "index.html", policy=policy))
    router.add("GET", "/signed-in/{provider_id}", Page(WEB, "index.html", policy=policy))
    router.add("GET", "/watch/{video_id}", Page(WEB, "watch.html", policy=policy))
    router.add("GET", "/channel/{channel_id}", Page(WEB, "channel.html", policy=policy))
    router.add("GET", "/subscriptions", Page(WEB, "subscriptions.html", policy=policy))
    router.add("GET", "/search", Page(WEB, "search.html", policy=policy))
    router.add("GET", "/@{handle}", Page(WEB, "channel.html", policy=policy))
    router.add("GET", "/embed/{video_id}", EmbedPage(WEB, runtime, tokens))
    router.add("GET", "/reset-password", Page(WEB, "reset-password.html", policy=policy))
    router.add("GET", "/verify-email", Page(WEB, "verify-email.html", policy=policy))
    router.add("GET", "/register", Page(WEB, "index.html", policy=policy))
    router.add("GET", "/join", Page(WEB, "join.html", policy=policy))
    router.add("GET", "/administration", Page(WEB, "administration.html", policy=policy))
    router.add("GET", "/documentation", Page(WEB, "documentation.html", policy=policy))
    router.add("GET", "/assets/{name}", Assets(WEB))
    inline_style = "default-src 'none'; style-src 'unsafe-inline'"
    router.add("GET", "/documentation/problems", _Fixed(_problems(), "text/html", policy=inline_style))
    router.add("GET", "/openapi.json", _Fixed(_contract(), "application/json"))
    if settings.metrics:
        router.add("GET", "/metrics", _metrics)


class _Fixed:
    """An answer that is the same for everyone."""

    def __init__(self, body: bytes, media_type: str, *, policy: str = INERT) -> None:
        self._body = body
        self._headers = {"Cache-Control": "no-cache", "Content-Security-Policy": policy}
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response(self._body, headers=self._headers, media_type=self._media_type)(scope, receive, send)


async def _metrics(scope: Scope, receive: Receive, send: Send) -> None:
    accept = Request(scope).headers.get("accept", "")
    encode, media_type = prometheus_client.exposition.choose_encoder(accept)
    body = encode(prometheus_client.REGISTRY)
    await Response(body, media_type=media_type)(scope, receive, send)


class Application:
    """What the server runs: opens the services at start-up, closes them when the last request has ended."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        assert self._app is not None
        await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            async with self._open():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except Exception:
            # otherwise the server takes us for an application that knows no start-up, and serves one that has none
            if self._app is None:
                await send({"type": "lifespan.startup.failed"})
            raise
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[None]:
        async with open_services(self._settings, name="matinee-api") as services:
            self._app = create_app(services)
            listening = asyncio.gather(
                services.notifications.listen(),
                services.audience.keep_telling(),
                services.view_counter.keep_writing(),
            )
            _spare_the_collector()
            try:
                with _told_to_stop(services.notifications.end):
                    yield
            finally:
                listening.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await listening


@contextlib.contextmanager
def _told_to_stop(tell: Callable[[], None]) -> Iterator[None]:
    """Calls `tell` when the process is asked to stop, beside what the server does then.

    The server tells us when the last answer has ended, and a stream of events would not end before it is killed.
    """
    loop = asyncio.get_running_loop()
    # The loop's own handlers, the server's among them, are run by its wake-up descriptor, whatever Python's are.
    former = {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(tell))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _spare_the_collector() -> None:
    """Leaves what lives as long as the process out of every garbage collection.

    Else each full one walks all 150,000 objects that the imports made, and some request waits for it (115 ms).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)


def application() -> Application:
    """The application from the environment's settings: the target that the server process imports."""
    settings = load_settings()
    configure_logging(settings.log_level)
    return Application(settings)
