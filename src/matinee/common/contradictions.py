"""What settings cannot be together, or as they are, beyond what their types say."""

import ipaddress
import re
from collections.abc import Iterator
from datetime import timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from urllib.parse import urlsplit

from matinee.common.config import HARDWARE_LABELS, SHORTEST_SECRET, Settings
from matinee.common.validation import Fault

_EXAMPLES = ("replace-this", "change-me")  # the secrets in .env.example, which everybody knows
_KEY_ID = re.compile("[a-z0-9-]{1,20}:")  # it stands before a full stop in what is sealed
_HOST = re.compile(r"[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)*\.?")  # also what looks like an IPv4 address


def contradictions(settings: Settings) -> list[Fault]:
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
            if not key_id or len(secret) < SHORTEST_SECRET:
                yield Fault(name, f"Each is `id:secret`, the secret of at least {SHORTEST_SECRET} characters.")
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
