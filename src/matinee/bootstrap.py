"""Settings → everything that works: the only place that names adapters."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from matinee.common.clock import Clock, system_clock
from matinee.common.config import ConfigError, Settings, keys_by_id
from matinee.common.database import Connection, Database
from matinee.common.http.authentication import AccessTokens, Caller
from matinee.common.http.pagination import PageQuery
from matinee.common.jobs import JobQueue
from matinee.common.keys.environment import SecretKey, SecretTokenKey
from matinee.common.keys.port import TokenKey
from matinee.common.keys.resealing import Resealing
from matinee.common.keys.ring import Keys
from matinee.common.mail.folder import FolderMailer
from matinee.common.mail.port import Mailer
from matinee.common.mail.post import Post
from matinee.common.mail.smtp import SmtpMailer
from matinee.common.notifications import Notifications
from matinee.common.storage.moving import MovingStorage
from matinee.common.storage.port import Storage
from matinee.common.storage.s3 import S3Storage
from matinee.common.validation import Fault
from matinee.media.binaries import find_binaries
from matinee.media.encode import EncoderOptions
from matinee.media.model import Plan
from matinee.media.pictures import SMALL_LIMITS
from matinee.modules.accounts.closing import Closing
from matinee.modules.accounts.export import Exports
from matinee.modules.accounts.listings import Page, ReadPage
from matinee.modules.administration.service import Administration
from matinee.modules.api_keys import service as api_keys
from matinee.modules.api_keys.exchange import KeyExchange
from matinee.modules.api_keys.verification import ApiKeys
from matinee.modules.audit import service as audit
from matinee.modules.auth.endings import Endings
from matinee.modules.auth.guessing import Guessing
from matinee.modules.auth.invitations import Invitations
from matinee.modules.auth.notices import Notices
from matinee.modules.auth.password_change import PasswordChange
from matinee.modules.auth.passwords import Passwords, Pepper, pepper_of
from matinee.modules.auth.reauthentication import Reauthentication
from matinee.modules.auth.recovery import Recovery
from matinee.modules.auth.service import AuthService
from matinee.modules.auth.sessions import Sessions
from matinee.modules.channels.exported import list_channel
from matinee.modules.channels.service import ChannelService
from matinee.modules.clips.service import ClipService
from matinee.modules.comments.exported import list_comments
from matinee.modules.comments.service import CommentService
from matinee.modules.downloads.service import DownloadService
from matinee.modules.encoding.offers import Offers
from matinee.modules.encoding.service import EncodingService
from matinee.modules.encryption.content_keys import ContentKeys
from matinee.modules.encryption.service import EncryptionService
from matinee.modules.history.exported import list_watches
from matinee.modules.history.service import HistoryService
from matinee.modules.imports.service import ImportService
from matinee.modules.jobs.service import JobService
from matinee.modules.passkeys.service import PasskeyService
from matinee.modules.passkeys.verification import RelyingParty
from matinee.modules.pictures.plans import Plans
from matinee.modules.pictures.posters import PosterService
from matinee.modules.pictures.service import PictureService
from matinee.modules.pictures.workshop import Workshop
from matinee.modules.playback.audience import Audience, News
from matinee.modules.playback.captions import CaptionPlayback
from matinee.modules.playback.cell_cache import CellCache, default_folder
from matinee.modules.playback.cells import Cells
from matinee.modules.playback.delivery import Delivery
from matinee.modules.playback.encrypted import EncryptedCells
from matinee.modules.playback.playlists import Playlists
from matinee.modules.playback.repository import PlaybackRepository
from matinee.modules.playback.service import PlaybackService
from matinee.modules.playback.transcript import Transcripts
from matinee.modules.playlists.exported import list_playlists
from matinee.modules.playlists.service import PlaylistService
from matinee.modules.quotas.service import QuotaService, server_quota
from matinee.modules.reactions.exported import list_reactions
from matinee.modules.reactions.service import ReactionService
from matinee.modules.replacements.service import ReplacementService
from matinee.modules.retention.rules import KeepPolicy
from matinee.modules.retention.service import RetentionService
from matinee.modules.search.service import SearchService
from matinee.modules.second_factor.authenticator import Authenticator
from matinee.modules.second_factor.codes import TOTP_SECRETS, Codes
from matinee.modules.second_factor.guard import Guard
from matinee.modules.second_factor.service import SecondFactor
from matinee.modules.sharing.service import SharingService
from matinee.modules.sign_in_providers.service import SignInProviders
from matinee.modules.sounds.service import SoundService
from matinee.modules.subscriptions.exported import list_subscriptions
from matinee.modules.subscriptions.service import SubscriptionService
from matinee.modules.teams.exported import list_memberships
from matinee.modules.teams.invitations import InvitationService
from matinee.modules.teams.memberships import Memberships
from matinee.modules.tokens.guesses import Guesses
from matinee.modules.tokens.keys import TOKEN_KEYS, KeyRing
from matinee.modules.tokens.seals import Seals
from matinee.modules.tokens.service import TokenService
from matinee.modules.tokens.signing_keys import SigningKeyService
from matinee.modules.tokens.verification import PlaybackTokens
from matinee.modules.tracks.editing import CueEditing
from matinee.modules.tracks.machine import MachineCaptions
from matinee.modules.tracks.service import TrackService
from matinee.modules.transfers.service import TransferService
from matinee.modules.uploads.addresses import FileAddresses
from matinee.modules.uploads.joining import Joining
from matinee.modules.uploads.reception import Receiver
from matinee.modules.uploads.service import UploadService
from matinee.modules.users.exported import list_profile
from matinee.modules.videos.schemas import MineQuery
from matinee.modules.videos.service import VideoService
from matinee.modules.views.counter import ViewCounter
from matinee.modules.views.service import ViewService
from matinee.modules.watermarks.service import WatermarkService

if TYPE_CHECKING:
    from matinee.common.keys.module import ModuleKey


class Services:
    """The wired features of one process, over its own connections."""

    def __init__(self, settings: Settings, storage: Storage, clock: Clock, name: str) -> None:
        self.settings = settings
        self.database = Database(settings.database_url, size=settings.database_pool_size, name=name)
        self.storage = storage
        held = module_keys(settings)
        for key in held:
            key.load()
        self.keys = Keys([*held, *secret_keys(settings)])
        self.resealing = Resealing(self.database, self.keys, (TOTP_SECRETS, TOKEN_KEYS))
        self.notifications = Notifications(settings.database_url)
        self.queue = JobQueue(
            self.database,
            max_attempts=settings.max_attempts,
            heartbeat=settings.worker_heartbeat_seconds,
            stale_after=settings.worker_stale_seconds,
        )
        self.post = Post(
            self.queue,
            _mailer(settings),
            sender=settings.mail_from,
            public_url=settings.public_url,
            keys=self.keys,
        )
        self.team_invitations = InvitationService(self.post)
        token_keys: dict[str, TokenKey] = {key.id: key for key in held}
        token_keys |= {key_id: SecretTokenKey(secret) for key_id, secret in settings.signing_keys().items()}
        self.tokens = AccessTokens(token_keys, lifetime=settings.access_token_minutes * 60, clock=clock)
        self.api_keys = ApiKeys(self.database, clock=clock, limited=settings.rate_limits)
        peppers: dict[str, Pepper] = {key.id: partial(key.derive_now, b"matinee passwords") for key in held}
        peppers |= {key_id: pepper_of(secret) for key_id, secret in keys_by_id(settings.password_peppers).items()}
        self.passwords = Passwords(parallelism=settings.password_hash_parallelism, peppers=peppers)
        self.notices = Notices(self.post)
        self.sessions = Sessions(
            self.database,
            self.tokens,
            self.notices,
            refresh_days=settings.refresh_token_days,
            rest=settings.session_rest,
            longest=settings.session_longest,
            wants_verified=settings.email_verification == "required",
            wants_second_factor=settings.admin_second_factor == "required",
        )
        longest = 60.0 * max(settings.access_token_minutes, settings.playback_token_minutes)
        self.endings = Endings(self.database, longest=longest, clock=clock)
        self.key_exchange = KeyExchange(self.api_keys, self.endings, self.tokens)
        reauthentication = Reauthentication(self.database, self.passwords)
        codes = Codes(self.keys, self.notices, clock=clock)
        password_change = PasswordChange(self.sessions, self.notices)
        self.second_factor = SecondFactor(self.database, self.sessions, password_change, codes)
        self.guard = guard = Guard(self.database, reauthentication, codes)
        self.authenticator = Authenticator(guard, self.sessions, codes, self.notices, host=settings.host_name())
        self.recovery = Recovery(
            self.database,
            self.queue,
            self.post,
            self.passwords,
            password_change,
            reauthentication,
            guard,
            self.notices,
            keys=self.keys,
            limited=settings.rate_limits,
        )
        self.invitations = Invitations(self.post)
        self.auth = AuthService(
            self.database,
            self.passwords,
            self.sessions,
            self.second_factor,
            password_change,
            self.recovery,
            self.invitations,
            Guessing(self.database, limited=settings.rate_limits),
            registration=settings.registration,
        )
        self.passkeys = PasskeyService(
            self.database,
            RelyingParty(host=settings.host_name(), origin=settings.origin()),
            self.sessions,
            self.second_factor,
            guard,
            codes,
            self.notices,
        )
        self.sign_in_providers = SignInProviders(
            self.database,
            settings.sign_in_providers,
            self.auth,
            self.sessions,
            self.second_factor,
            guard,
            self.notices,
            public_url=settings.public_url,
            keys=self.keys,
            clock=clock,
        )
        self.encoding = EncodingService(
            self.queue, settings.encode_policy, big_pixels=settings.big_source_pixels, offers=settings.offers
        )
        self.videos = VideoService(self.database, self.storage, self.queue, self.encoding)
        self.comments = CommentService(self.videos)
        self.reactions = ReactionService(self.videos)
        self.history = HistoryService(self.videos)
        self.search = SearchService(self.videos)
        self.video_playlists = PlaylistService(self.videos)
        self.view_counter = ViewCounter(self.database)
        self.views = ViewService(
            self.database,
            self.videos,
            self.view_counter,
            keys=self.keys,
            days=settings.view_days,
            clock=clock,
        )
        self.sharing = SharingService(self.database, self.videos, self.passwords, wants_verified=self.post.is_on)
        signers = KeyRing(self.database, self.keys)
        self.grants = PlaybackTokens(
            signers,
            Seals(self.keys, settings.public_url),
            self.endings,
            Memberships(self.database),
            clock=clock,
        )
        self.signing_keys = SigningKeyService(self.database, signers, self.notices)
        self.playback_tokens = TokenService(
            self.database,
            self.videos,
            self.passwords,
            signers,
            Guesses(self.database, at_once=settings.password_hash_parallelism, limited=settings.rate_limits),
            own_seconds=settings.playback_token_minutes * 60,
            clock=clock,
        )
        self.quotas = QuotaService(server_quota(settings))
        self.administration = Administration(self.sessions, self.quotas, self.second_factor, guard, self.notices)
        self.transfers = TransferService(self.videos, self.quotas)
        self.imports = ImportService(
            self.queue,
            self.videos,
            self.quotas,
            enabled=settings.import_slots > 0,
            encryption=settings.encryption,
        )
        self.jobs = JobService(self.videos, self.encoding, self.imports, stale_after=settings.worker_stale_seconds)
        self.clips = ClipService(self.videos, self.quotas, self.encoding)
        self.retention = RetentionService(
            self.database,
            self.storage,
            self.queue,
            self.videos,
            self.encoding,
            KeepPolicy(settings.encode_policy, settings.keep_days, settings.codecs),
        )
        self.tracks = TrackService(self.database, self.storage, self.queue, self.videos)
        self.machine_captions = MachineCaptions(self.queue, self.videos, settings.speech_model)
        self.cue_editing = CueEditing(self.database, self.storage, self.queue, self.videos)
        self.uploads = UploadService(
            self.database,
            self.storage,
            self.queue,
            self.videos,
            self.quotas,
            FileAddresses(settings.public_url, self.keys),
            max_bytes=settings.max_upload_bytes,
            expiry_hours=settings.upload_expiry_hours,
            encryption=settings.encryption,
            clock=clock,
        )
        self.joining = Joining(self.database, self.storage, self.queue, self.uploads)
        self.receiver = Receiver(self.database, self.storage, self.queue, self.uploads, self.joining)
        self.sounds = SoundService(
            self.database,
            self.storage,
            self.queue,
            self.videos,
            self.quotas,
            max_bytes=settings.max_upload_bytes,
            expiry_hours=settings.upload_expiry_hours,
            clock=clock,
        )
        self.replacements = ReplacementService(
            self.database, self.storage, self.queue, self.videos, self.uploads, self.quotas, self.encoding
        )
        content_keys = ContentKeys(self.keys, cells_per_key=settings.cells_per_key)
        self.audience = Audience(self._hear_of_viewers)
        facts = PlaybackRepository(self.database)
        self.playback = PlaybackService(facts, content_keys)
        self.playlists = Playlists(self.playback, facts, content_keys, offers=Offers(self.database, self.encoding))
        self.cells = Cells(
            self.playback,
            facts,
            self.notifications,
            self._want_cell,
            content_keys,
            wait_seconds=settings.cell_wait_seconds,
            audience=self.audience,
        )
        self.captions = CaptionPlayback(self.playback, facts, self.storage)
        self.transcripts = Transcripts(self.playback, facts, self.storage)
        self.cell_cache = CellCache(
            self.storage,
            settings.cell_cache_dir or default_folder(),
            limit=settings.cell_cache_bytes,
            sharers=settings.processes,
        )
        self.delivery = Delivery(self.storage, self.cell_cache, settings)
        self.encrypted = EncryptedCells(self.storage, self.cell_cache, content_keys)
        self.encryption = EncryptionService(self.videos, self.playback, facts, content_keys)
        self.downloads = DownloadService(
            self.database, self.storage, self.queue, self.videos, self.playback, self.audience
        )
        plans, self.workshop = Plans(), Workshop(settings.picture_slots)
        programs = (str(path) if path else None for path in (settings.ffmpeg_path, settings.ffprobe_path))
        small = EncoderOptions(binaries=find_binaries(*programs), limits=SMALL_LIMITS)
        self.pictures = PictureService(self.database, self.storage, plans, self.workshop, small)
        self.posters = PosterService(
            self.database,
            self.storage,
            self.queue,
            self.videos,
            self.cells,
            plans,
            self.workshop,
            small,
        )
        self.channels = ChannelService(self.database, self.videos, self.workshop, small)
        self.subscriptions = SubscriptionService(self.channels)
        self.exports = Exports(
            self.database,
            self.storage,
            self.queue,
            guard,
            self.notices,
            self._listings(),
            days=settings.account_export_days,
        )
        self.closing = Closing(
            self.database,
            self.queue,
            guard,
            self.sessions,
            self.videos,
            self.video_playlists,
            self.subscriptions,
            self.reactions,
            self.comments,
            self.history,
            self.exports,
            self.notices,
            grace_days=settings.account_grace_days,
        )
        self.watermarks = WatermarkService(self.database, self.storage, self.replacements, self.workshop, small)

    def _listings(self) -> dict[str, ReadPage]:
        """What is of an account, by the name of the file that it has in an export."""

        async def sessions(db: Connection, user_id: UUID, query: PageQuery) -> Page:
            return await self.sessions.list_own(db, Caller(user_id, "USER", None), query)

        async def videos(db: Connection, user_id: UUID, query: PageQuery) -> Page:
            mine = MineQuery(limit=query.limit, cursor=query.cursor)
            return await self.videos.list_mine(db, Caller(user_id, "USER", None), mine)

        return {
            "profile": list_profile,
            "sessions": sessions,
            "api-keys": api_keys.list_own,
            "videos": videos,
            "comments": list_comments,
            "reactions": list_reactions,
            "history": list_watches,
            "playlists": list_playlists,
            "channel": list_channel,
            "subscriptions": list_subscriptions,
            "teams": list_memberships,
            "audit": audit.list_own,
        }

    async def _want_cell(self, video_id: UUID, plan: Plan, rendition: str, index: int) -> None:
        async with self.database.transaction() as db:
            await self.encoding.want_cell(db, video_id, plan, rendition, index)

    async def _hear_of_viewers(self, news: News) -> None:
        async with self.database.transaction() as db:
            if news.waiting or news.read:
                await self.encoding.hear_of_viewers(db, news.waiting, news.read)
            if news.watched:
                await self.encoding.hear_of_watched(db, news.watched)


def module_keys(settings: Settings, *, makes: bool = False) -> "list[ModuleKey]":
    """The keys that a PKCS #11 module holds, by the ids of the settings. Raises ConfigError without the library.

    `makes`: they may be made.
    """
    if settings.key_module is None:
        return []
    try:
        from matinee.common.keys.module import ModuleKey, Token
    except ImportError:
        raise ConfigError([Fault("MATINEE_KEY_MODULE", "Install `matinee[keys]` for this.")]) from None
    assert settings.key_token is not None
    assert settings.key_pin is not None
    token = Token(str(settings.key_module), settings.key_token, settings.key_pin, makes=makes)
    return [ModuleKey(token, key_id) for key_id in settings.key_ids]


def secret_keys(settings: Settings) -> list[SecretKey]:
    """The keys that this process holds; the one without an id last."""
    keys = [SecretKey(secret, key_id) for key_id, secret in keys_by_id(settings.secret_keys).items()]
    return keys if settings.secret_key is None else [*keys, SecretKey(settings.secret_key)]


def _mailer(settings: Settings) -> Mailer | None:
    if settings.smtp_host is not None:
        return SmtpMailer(settings)
    return None if settings.mail_folder is None else FolderMailer(settings.mail_folder)


@asynccontextmanager
async def open_storage(settings: Settings) -> AsyncIterator[S3Storage | MovingStorage]:
    """The object storage, open until the end of the block; two as one while everything is moved."""
    former, current = settings.former(), S3Storage(settings)
    storage = current if former is None else MovingStorage(current, S3Storage(former))
    try:
        await storage.open()
        yield storage
    finally:
        await storage.close()


@asynccontextmanager
async def open_services(
    settings: Settings, *, storage: Storage | None = None, clock: Clock = system_clock, name: str = "matinee"
) -> AsyncIterator[Services]:
    """The services with their connections open; closed at the end of the block, in reverse order.

    A `storage` that is given is open already and stays so.
    """
    async with AsyncExitStack() as resources:
        if storage is None:
            storage = await resources.enter_async_context(open_storage(settings))
        services = Services(settings, storage, clock, name)
        resources.callback(services.passwords.close)
        resources.push_async_callback(services.cell_cache.close)
        resources.push_async_callback(services.encrypted.close)
        resources.push_async_callback(services.database.close)
        resources.push_async_callback(services.view_counter.close)
        resources.push_async_callback(services.workshop.close)
        await services.database.open()
        yield services
