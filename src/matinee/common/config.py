"""The settings, typed and frozen. `environment` reads them; `contradictions` judges what types cannot."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from matinee.common.text import END
from matinee.common.validation import Fault

GIB = 1024**3
MIB = 1024**2
SHORTEST_SECRET = 32  # characters; HS256 wants at least its digest's 256 bits

HARDWARE_LABELS = frozenset({"vaapi", "nvenc"})
"""Of workers that encode with a GPU; nobody gives them by hand."""

Label = Annotated[str, Meta(pattern=rf"^[a-z0-9-]{{1,20}}{END}", description="A word for what a worker can do.")]


class ConfigError(Exception):
    """The settings cannot be used; `faults` names each variable and says what is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        lines = "\n".join(f"  {fault.path}: {fault.message}" for fault in faults)
        super().__init__(f"The configuration has {len(faults)} fault(s):\n{lines}")
        self.faults = faults


class SignInProvider(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID Connect issuer whose word is taken for who signs in."""

    id: Annotated[str, Meta(pattern=rf"^[a-z0-9-]{{1,20}}{END}")]
    name: Annotated[str, Meta(min_length=1, max_length=40)]
    issuer: str
    client_id: Annotated[str, Meta(min_length=1)]
    client_secret: Annotated[str, Meta(min_length=1)] | None = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting, as `MATINEE_<NAME>`; `.env.example` explains each. Secrets have no default."""

    # --- where it is reached
    host: str = "0.0.0.0"  # noqa: S104  # a server in a container; `dev` says loopback
    port: Annotated[int, Meta(ge=0, le=65535)] = 3000
    public_url: str = "http://localhost:3000"
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    processes: Annotated[int, Meta(ge=1, le=256)] = 1

    # --- PostgreSQL
    database_url: Annotated[str, Meta(pattern=r"^postgres(ql)?://")]
    database_pool_size: Annotated[int, Meta(ge=2, le=500)] = 16

    # --- object storage
    s3_endpoint_url: str | None = None
    s3_public_endpoint_url: str | None = None
    s3_region: str = "us-east-1"
    s3_bucket: Annotated[str, Meta(min_length=3, max_length=63)]
    s3_access_key_id: str | None = None
    s3_secret_access_key: str | None = None
    s3_encryption: Literal["optional", "required"] = "optional"
    former_s3_endpoint_url: str | None = None
    former_s3_public_endpoint_url: str | None = None
    former_s3_region: str = "us-east-1"
    former_s3_bucket: Annotated[str, Meta(min_length=3, max_length=63)] | None = None
    former_s3_access_key_id: str | None = None
    former_s3_secret_access_key: str | None = None

    # --- accounts
    jwt_keys: tuple[str, ...] = ()
    secret_key: Annotated[str, Meta(min_length=SHORTEST_SECRET)] | None = None
    secret_keys: tuple[str, ...] = ()
    key_module: Path | None = None
    key_token: str | None = None
    key_pin: str | None = None
    key_ids: tuple[Annotated[str, Meta(pattern=rf"^[a-z0-9-]{{1,20}}{END}")], ...] = ()
    access_token_minutes: Annotated[int, Meta(ge=1, le=1440)] = 15
    api_keys: Literal["direct", "exchange"] = "direct"
    playback_token_minutes: Annotated[int, Meta(ge=1, le=60)] = 10
    refresh_token_days: Annotated[int, Meta(ge=1, le=365)] = 7
    session_hours: Annotated[float, Meta(ge=1, le=87_600)] | None = None
    session_rest_hours: Annotated[float, Meta(ge=0.25, le=8_760)] | None = None
    cookie_secure: bool = True
    password_peppers: tuple[str, ...] = ()
    password_hash_parallelism: Annotated[int, Meta(ge=1, le=64)] = 1
    rate_limits: bool = True
    registration: Literal["open", "invitation", "closed"] = "open"
    email_verification: Literal["optional", "required"] = "optional"
    admin_second_factor: Literal["optional", "required"] = "optional"
    account_export_days: Annotated[int, Meta(ge=1, le=30)] = 7
    account_grace_days: Annotated[int, Meta(ge=1, le=365)] = 14  # access tokens of before have expired by then
    sign_in_providers: tuple[SignInProvider, ...] = ()
    audit_days: Annotated[int, Meta(ge=30, le=36_500)] = 365
    view_days: Annotated[int, Meta(ge=2, le=3_650)] = 30

    # --- mail
    smtp_host: Annotated[str, Meta(min_length=1)] | None = None
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: Annotated[str, Meta(min_length=1)] | None = None
    smtp_password: Annotated[str, Meta(min_length=1)] | None = None
    mail_from: str = "Matinee <matinee@localhost>"
    mail_folder: Path | None = None

    # --- requests
    max_body_bytes: Annotated[int, Meta(ge=1024, le=64 * MIB)] = MIB
    country_header: Annotated[str, Meta(pattern=rf"^[A-Za-z0-9-]{{1,64}}{END}")] | None = None
    request_timeout_seconds: Annotated[float, Meta(ge=1, le=600)] = 30.0
    shutdown_grace_seconds: Annotated[int, Meta(ge=1, le=600)] = 25
    metrics: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # --- uploads
    max_upload_bytes: Annotated[int, Meta(ge=MIB, le=5 * 1024 * GIB)] = 5 * GIB
    quota_bytes: Annotated[int, Meta(ge=0)] = 0
    quota_minutes: Annotated[int, Meta(ge=0)] = 0
    upload_expiry_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    failed_video_days: Annotated[int, Meta(ge=1, le=365)] = 7
    import_slots: Annotated[int, Meta(ge=0, le=64)] = 2
    import_hours: Annotated[float, Meta(gt=0, le=168)] = 6.0
    import_idle_seconds: Annotated[float, Meta(ge=1, le=600)] = 30.0
    import_allowed: tuple[str, ...] = ()

    # --- encoding
    encode_policy: Literal["eager", "on_demand"] = "eager"
    codecs: tuple[Literal["h264", "hevc", "av1", "hevc-hdr", "av1-hdr"], ...] = ("h264",)
    h264_encoder: Literal["libx264", "h264_vaapi", "h264_nvenc"] = "libx264"
    vaapi_device: Path = Path("/dev/dri/renderD128")
    keep_days: Annotated[int, Meta(ge=0, le=36_500)] = 0
    worker_name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    worker_labels: Annotated[tuple[Label, ...], Meta(max_length=4)] = ()
    offers: Literal["measured", "all"] = "measured"
    big_source_pixels: Annotated[int, Meta(ge=0)] = 0
    passthrough: Literal["on", "off"] = "on"
    passthrough_max_kbits: Annotated[int, Meta(ge=100, le=1_000_000)] = 12_000
    watermark: Path | None = None
    watermark_position: Literal[
        "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right"
    ] = "bottom-right"
    watermark_opacity: Annotated[float, Meta(ge=0, le=1)] = 1.0
    watermark_width: Annotated[float, Meta(ge=0.01, le=1)] = 0.15
    watermark_margin: Annotated[float, Meta(ge=0, le=0.5)] = 0.02
    worker_slots: Annotated[int, Meta(ge=1, le=128)] = 2
    worker_heartbeat_seconds: Annotated[float, Meta(ge=0.2, le=60)] = 3.0
    worker_stale_seconds: Annotated[float, Meta(ge=1, le=600)] = 15.0
    worker_grace_seconds: Annotated[float, Meta(ge=0, le=3600)] = 20.0
    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    scratch_dir: Path | None = None
    scratch_bytes: Annotated[int, Meta(ge=64 * MIB)] = 2 * GIB
    loudness: Annotated[float, Meta(ge=-31, le=-9)] | Literal["off"] = -16.0
    ffmpeg_path: Path | None = None
    ffprobe_path: Path | None = None
    ffmpeg_nice: Annotated[int, Meta(ge=0, le=19)] = 10
    ladder: Literal["title", "usual"] = "title"
    fill_delay_seconds: Annotated[float, Meta(ge=0, le=3600)] = 1.0
    max_source_hours: Annotated[float, Meta(gt=0, le=240)] = 12.0
    max_source_pixels: Annotated[int, Meta(ge=256 * 256)] = 8192 * 4352

    # --- captions by machine
    speech_model: Path | None = None
    speech_slots: Annotated[int, Meta(ge=0, le=16)] = 1
    speech_threads: Annotated[int, Meta(ge=1, le=64)] = 1

    # --- delivery
    delivery: Literal["stream", "redirect", "accel", "cdn"] = "stream"
    delivery_url_seconds: Annotated[int, Meta(ge=5, le=3600)] = 60
    cdn_url: str | None = None
    cdn_signing: Literal["hmac", "secure_link", "bunny", "cloudfront"] = "hmac"
    cdn_secret: Annotated[str, Meta(min_length=16)] | None = None
    cdn_key_id: str | None = None
    cdn_key_file: Path | None = None
    cell_cache_dir: Path | None = None
    cell_cache_bytes: Annotated[int, Meta(ge=16 * MIB)] = 2 * GIB
    encryption: Literal["none", "aes-128", "cenc", "cbcs"] = "none"
    cells_per_key: Annotated[int, Meta(ge=1, le=100_000)] = 15
    cell_wait_seconds: Annotated[float, Meta(ge=0, le=25)] = 8.0
    picture_slots: Annotated[int, Meta(ge=1, le=64)] = 2

    def signing_keys(self) -> dict[str, str]:
        """Key id → secret; the first signs, all verify. Rotate: put a new one in front, drop the last later."""
        return keys_by_id(self.jwt_keys)

    @property
    def session_longest(self) -> timedelta | None:
        """How long after it was opened a session ends, however much it is used; None: it does not."""
        return None if self.session_hours is None else timedelta(hours=self.session_hours)

    @property
    def session_rest(self) -> timedelta:
        """How long a session lives that is not used."""
        if self.session_rest_hours is None:
            return timedelta(days=self.refresh_token_days)
        return timedelta(hours=self.session_rest_hours)

    @property
    def sends_mail(self) -> bool:
        """Whether there is anything by which letters are sent."""
        return self.smtp_host is not None or self.mail_folder is not None

    def former(self) -> "Settings | None":
        """The same with the storage that everything is moved from as its own; None where nothing is moved."""
        if self.former_s3_bucket is None:
            return None
        return msgspec.structs.replace(
            self,
            s3_endpoint_url=self.former_s3_endpoint_url,
            s3_public_endpoint_url=self.former_s3_public_endpoint_url,
            s3_region=self.former_s3_region,
            s3_bucket=self.former_s3_bucket,
            s3_access_key_id=self.former_s3_access_key_id,
            s3_secret_access_key=self.former_s3_secret_access_key,
        )

    def origin(self) -> str:
        """The public address as browsers write it in `Origin`: lower case, without path and usual port."""
        parts = urlsplit(self.public_url)
        host = parts.netloc.rpartition("@")[2].lower()
        return f"{parts.scheme}://{host.removesuffix(':443' if parts.scheme == 'https' else ':80')}"

    def host_name(self) -> str:
        """The host of the public address: who this server is to apps and passkeys."""
        return urlsplit(self.public_url).hostname or ""


def keys_by_id(pairs: tuple[str, ...]) -> dict[str, str]:
    """Key id → secret, of what is written as `id:secret`."""
    return dict(pair.split(":", 1) for pair in pairs)
