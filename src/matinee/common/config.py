"""Settings from the environment: typed, frozen, checked at start, every fault listed with its variable's name."""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from matinee.common.secret_file import SecretFile
from matinee.common.text import END
from matinee.common.validation import Fault, InvalidInput, convert

PREFIX = "MATINEE_"
_FILE = "_FILE"
GIB = 1024**3
MIB = 1024**2
_LISTS = frozenset(
    {
        "cors_origins",
        "trusted_proxies",
        "jwt_keys",
        "secret_keys",
        "key_ids",
        "password_peppers",
        "codecs",
        "worker_labels",
        "import_allowed",
    }
)
_JSON = frozenset({"sign_in_providers"})
# Each may stand in a file, which `MATINEE_<NAME>_FILE` names.
SECRETS = frozenset(
    {
        "database_url",
        "s3_access_key_id",
        "s3_secret_access_key",
        "former_s3_access_key_id",
        "former_s3_secret_access_key",
        "jwt_keys",
        "password_peppers",
        "secret_key",
        "secret_keys",
        "key_pin",
        "sign_in_providers",
        "smtp_user",
        "smtp_password",
        "cdn_secret",
    }
)
# Read by the command line itself.
_NOT_SETTINGS = frozenset({"MATINEE_API_KEY", "MATINEE_DATA_DIR", "MATINEE_EMAIL", "MATINEE_PASSWORD"})
_SHORTEST_SECRET = 32  # characters; HS256 wants at least its digest's 256 bits


_KEY_ID = re.compile("[a-z0-9-]{1,20}:")  # it stands before a full stop in what is sealed
_HOST = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.?")  # also what looks like an IPv4 address
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
    secret_key: Annotated[str, Meta(min_length=_SHORTEST_SECRET)] | None = None
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
    account_grace_days: Annotated[int, Meta(ge=0, le=365)] = 14
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


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings from the environment; raises ConfigError naming every fault at once."""
    environ = os.environ if environ is None else environ
    known = {field.name for field in msgspec.structs.fields(Settings)}
    raw: dict[str, Any] = {}
    faults: list[Fault] = []
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and name not in _NOT_SETTINGS}
    for variable, value in _with_files_read(given, faults).items():
        name = variable.removeprefix(PREFIX).lower()
        if name not in known:
            faults.append(Fault(variable, "There is no such setting; see .env.example."))
        elif value != "":
            raw[name] = _read(name, value)
    told = {fault.path.removesuffix(_FILE) for fault in faults}
    try:
        settings = convert(raw, Settings, strict=False)
    except InvalidInput as error:
        named = [Fault(variable_name(fault.path), fault.message) for fault in error.faults]
        faults += [fault for fault in named if fault.path not in told]
        told |= {fault.path for fault in named}
        wrong = {fault.path.split("[")[0] for fault in error.faults}
        sound = {name: value for name, value in raw.items() if name not in wrong}
        settings = convert({**_STAND_INS, **sound}, Settings, strict=False)  # to judge the rest as well
    contradictions = [Fault(variable_name(fault.path), fault.message) for fault in _contradictions(settings)]
    faults += [fault for fault in contradictions if fault.path not in told]
    if faults:
        raise ConfigError(faults)
    return settings


def _with_files_read(given: Mapping[str, str], faults: list[Fault]) -> dict[str, str]:
    """The variables, with the content of a file in the place of its name."""
    values = dict(given)
    for variable in sorted(map(variable_name, SECRETS)):
        path = values.pop(variable + _FILE, "")
        if path == "":
            continue
        if values.get(variable):
            faults.append(Fault(variable + _FILE, f"{variable} is set as well; leave one of the two out."))
            continue
        try:
            values[variable] = SecretFile.read(Path(path))
        except ValueError as error:
            faults.append(Fault(variable + _FILE, str(error)))
    return values


def _read(name: str, value: str) -> Any:
    if name in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if name in _JSON:
        with suppress(msgspec.DecodeError):  # what it is instead is told with the field
            return msgspec.json.decode(value)
    return value


def variable_name(field: str) -> str:
    """The environment variable of a settings field."""
    return PREFIX + field.split("[")[0].upper()


# In the place of required settings that are missing, so that the others can be judged.
_STAND_INS = {
    "database_url": "postgresql://localhost",
    "s3_bucket": "bucket",
}
_EXAMPLES = ("replace-this", "change-me")  # the secrets in .env.example, which everybody knows


def _contradictions(settings: Settings) -> list[Fault]:
    """Faults that types cannot express."""
    return [
        *_bad_secrets(settings),
        *_bad_keys(settings),
        *_bad_sessions(settings),
        *_bad_addresses(settings),
        *_bad_pairs(settings),
        *_bad_storages(settings),
        *_bad_mail(settings),
        *_bad_providers(settings),
    ]


def _bad_keys(settings: Settings) -> Iterator[Fault]:
    """Of what stands in for what."""
    if settings.key_module is None and settings.secret_key is None and not settings.secret_keys:
        yield Fault("secret_key", "This is required, or MATINEE_SECRET_KEYS, or MATINEE_KEY_MODULE.")
    if settings.key_module is None and not settings.jwt_keys:
        yield Fault("jwt_keys", "This is required, or MATINEE_KEY_MODULE.")
    for name in ("key_token", "key_pin", "key_ids"):
        if bool(getattr(settings, name)) is (settings.key_module is None):
            yield Fault(name, "This and MATINEE_KEY_MODULE need each other.")
    others = [*settings.jwt_keys, *settings.secret_keys, *settings.password_peppers]
    ids = [*settings.key_ids, *{key.partition(":")[0] for key in others}]
    if len(set(ids)) < len(ids):
        yield Fault("key_ids", "Each needs an id of its own, which no other key has.")


def _bad_secrets(settings: Settings) -> Iterator[Fault]:
    if not all(_KEY_ID.match(key) for key in settings.secret_keys):
        yield Fault("secret_keys", "An id has up to 20 small letters, digits and hyphens.")
    secrets: list[tuple[str, str]] = []
    for name in ("jwt_keys", "secret_keys", "password_peppers"):
        keys = [key.partition(":") for key in getattr(settings, name)]
        for key_id, _, secret in keys:
            if not key_id or len(secret) < _SHORTEST_SECRET:
                yield Fault(name, f"Each is `id:secret`, the secret of at least {_SHORTEST_SECRET} characters.")
        if len({key_id for key_id, _, _ in keys}) < len(keys):
            yield Fault(name, "Each needs an id of its own.")
        secrets += [(name, secret) for _, _, secret in keys]
    for name in ("secret_key", "s3_secret_access_key"):
        secrets.append((name, getattr(settings, name) or ""))
    for name, secret in secrets:
        if secret.startswith(_EXAMPLES):
            yield Fault(name, "This one stands in the example, for all to read; make one of your own.")


def _bad_sessions(settings: Settings) -> Iterator[Fault]:
    if settings.session_rest_hours is None:
        return
    if settings.session_rest <= timedelta(minutes=settings.access_token_minutes):
        yield Fault("session_rest_hours", "This must be longer than MATINEE_ACCESS_TOKEN_MINUTES: use shows by them.")
    if settings.session_rest > timedelta(days=settings.refresh_token_days):
        yield Fault("session_rest_hours", "This must not be longer than MATINEE_REFRESH_TOKEN_DAYS.")


def _bad_addresses(settings: Settings) -> Iterator[Fault]:
    for name in (
        "public_url",
        "s3_endpoint_url",
        "s3_public_endpoint_url",
        "former_s3_endpoint_url",
        "former_s3_public_endpoint_url",
        "cdn_url",
    ):
        url = getattr(settings, name)
        if url is not None and not _is_web_address(url):
            yield Fault(name, "This must be an http:// or https:// address.")
    for origin in settings.cors_origins:
        if not _is_web_address(origin) or urlsplit(origin).path:
            yield Fault("cors_origins", f"{origin!r} is not an origin such as https://example.org.")
    for network in settings.trusted_proxies:
        if not _is_network(network):
            yield Fault("trusted_proxies", f"{network!r} is not an IP address or network (CIDR).")
    for entry in settings.import_allowed:
        if not _HOST.fullmatch(entry) and not _is_network(entry):
            yield Fault("import_allowed", f"{entry!r} is neither a network (CIDR) nor the name of a host.")


def _bad_pairs(settings: Settings) -> Iterator[Fault]:
    if settings.worker_stale_seconds < 3 * settings.worker_heartbeat_seconds:
        yield Fault("worker_stale_seconds", "This must be at least 3 × MATINEE_WORKER_HEARTBEAT_SECONDS.")
    if len(set(settings.worker_labels)) < len(settings.worker_labels):
        yield Fault("worker_labels", "Each label needs to stand there once.")
    if not HARDWARE_LABELS.isdisjoint(settings.worker_labels):
        yield Fault("worker_labels", "`vaapi` and `nvenc` come with MATINEE_H264_ENCODER, where it works.")
    if settings.public_url.startswith("https://") and not settings.cookie_secure:
        yield Fault("cookie_secure", "This must be true where the public address is https.")
    if settings.delivery == "cdn":
        keys = ("cdn_key_id", "cdn_key_file") if settings.cdn_signing == "cloudfront" else ("cdn_secret",)
        for name in ("cdn_url", *keys):
            if getattr(settings, name) is None:
                yield Fault(name, f"MATINEE_DELIVERY=cdn with MATINEE_CDN_SIGNING={settings.cdn_signing} needs this.")


def _bad_storages(settings: Settings) -> Iterator[Fault]:
    for name in ("s3_access_key_id", "former_s3_access_key_id"):
        secret = getattr(settings, name.replace("access_key_id", "secret_access_key"))
        if (getattr(settings, name) is None) is not (secret is None):
            yield Fault(name, "An access key needs its secret, and a secret its key; or leave both out.")
    if settings.former_s3_bucket is None and (settings.former_s3_endpoint_url or settings.former_s3_access_key_id):
        yield Fault("former_s3_bucket", "A former storage needs a bucket.")
    place = (settings.former_s3_endpoint_url, settings.former_s3_bucket)
    if place == (settings.s3_endpoint_url, settings.s3_bucket):
        yield Fault("former_s3_bucket", "This is the current storage itself; leave the former one out.")


def _bad_mail(settings: Settings) -> Iterator[Fault]:
    if settings.smtp_host is not None and settings.mail_folder is not None:
        yield Fault("mail_folder", "Letters go by MATINEE_SMTP_HOST or into a folder; leave one out.")
    if (settings.smtp_user is None) is not (settings.smtp_password is None):
        yield Fault("smtp_user", "A user needs a password, and a password a user.")
    if settings.smtp_password is not None and settings.smtp_security == "none":
        yield Fault("smtp_security", "A password is sent by `starttls` or `tls` alone.")
    if settings.email_verification == "required" and not settings.sends_mail:
        yield Fault("email_verification", "Addresses are verified by letters: set MATINEE_SMTP_HOST.")
    name, address = parseaddr(settings.mail_from)
    if not _is_mail_address(name, address):
        yield Fault("mail_from", "This must be an address such as `Matinee <matinee@example.org>`.")


def _is_mail_address(name: str, address: str) -> bool:
    try:
        return bool(Address(name, addr_spec=address).domain)
    except (ValueError, HeaderParseError, IndexError):
        return False


def _bad_providers(settings: Settings) -> Iterator[Fault]:
    providers = settings.sign_in_providers
    for names in ([each.id for each in providers], [each.issuer for each in providers]):
        if len(set(names)) < len(names):
            yield Fault("sign_in_providers", "Each provider needs an id and an issuer of its own.")
    for each in providers:
        if not _is_web_address(each.issuer) or not (each.issuer.startswith("https://") or _is_here(each.issuer)):
            yield Fault("sign_in_providers", f"{each.issuer!r} is not an https:// address; http is for localhost.")


def _is_here(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False
