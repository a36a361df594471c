"""What codes look like and when they fit. Pure.

Codes of an app are those of RFC 6238 as every app makes them: six digits, SHA-1, a new one each thirty seconds.
"""

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP = 30  # seconds
DRIFT = 1  # steps that a phone's clock may be off, each way; more: more codes fit at a time
RECOVERY_CODES = 10
CHALLENGE_SECONDS = 300
MOST_WRONG = 5  # codes for a challenge
MOST_WRONG_AN_HOUR = 20  # codes for an account: of a million, three fit at a time. One in 700 days guesses one
_SECRET_BYTES = 20  # as RFC 4226 wants: the digest's size
_RECOVERY_BYTES = 15  # 120 bits: a fast hash without a salt is enough to store them
_GROUP = 4  # letters of a recovery code that are written together


def new_secret() -> bytes:
    """What an app makes its codes of."""
    return secrets.token_bytes(_SECRET_BYTES)


def typed(secret: bytes) -> str:
    """The secret for whoever cannot scan."""
    return base64.b32encode(secret).decode()


def address(secret: bytes, account: str, issuer: str) -> str:
    """The `otpauth:` address that an app scans."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def matching_step(secret: bytes, code: str, now: float) -> int | None:
    """The time step whose code it is, the present one or one beside it; None where it is of none."""
    totp, present = _totp(secret), int(now // STEP)
    steps = range(present - DRIFT, present + DRIFT + 1)
    return next((step for step in steps if bytes_eq(totp.generate(step * STEP), code.encode())), None)


def is_of_an_app(code: str) -> bool:
    """Whether it has the form of an app's code."""
    return len(code) == DIGITS and code.isascii() and code.isdecimal()


def new_recovery_codes() -> list[str]:
    """Ten codes such as `k3vq-7wma-x2ud-pe5n-q6tb-4hcz`; base32 has no 0, 1, 8 and 9 to be misread."""
    return [_grouped(base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode()) for _ in range(RECOVERY_CODES)]


def plain(code: str) -> str:
    """A code however it was typed: without spaces and dashes, in small letters."""
    return "".join(code.split()).replace("-", "").lower()


def hash_of(text: str) -> bytes:
    """What is stored of a recovery code (plain) or a challenge: nobody guesses either, so a fast hash is right."""
    return hashlib.sha256(text.encode()).digest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, len(code), _GROUP)).lower()


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP)  # noqa: S303  # the only digest that all apps know; it signs nothing
