"""Addresses at a CDN whose origin is the bucket, each signed as its kind checks it, until a moment in Unix time.

A function a kind, pure. CDNs keep objects by their path, so that one copy serves every signature.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from matinee.common.config import ConfigError, Settings
from matinee.common.validation import Fault

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Sign = Callable[[str, int], str]
"""An address and when it expires → the address to give away."""


def sign_hmac(url: str, expires: int, *, secret: str) -> str:
    """For an edge of one's own: HMAC-SHA-256, in hexadecimal, of the path with `?expires=`."""
    message = f"{urlsplit(url).path}?expires={expires}"
    signature = hmac.digest(secret.encode(), message.encode(), "sha256").hex()
    return f"{url}?expires={expires}&signature={signature}"


def sign_secure_link(url: str, expires: int, *, secret: str) -> str:
    """For nginx with `secure_link_md5 "$secure_link_expires$uri SECRET"`."""
    message = f"{expires}{urlsplit(url).path} {secret}"
    digest = hashlib.md5(message.encode(), usedforsecurity=False).digest()  # what nginx has; the secret comes last
    return f"{url}?md5={_base64url(digest)}&expires={expires}"


def sign_bunny(url: str, expires: int, *, secret: str) -> str:
    """For bunny.net's token authentication by HMAC-SHA-256."""
    message = f"{urlsplit(url).path}{expires}"
    token = _base64url(hmac.digest(secret.encode(), message.encode(), "sha256"))
    return f"{url}?token=HS256-{token}&expires={expires}"


def sign_cloudfront(url: str, expires: int, *, key_id: str, key: "RSAPrivateKey") -> str:
    """For Amazon CloudFront: the canned policy, RSA with SHA-1, which is what it checks."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1

    condition = f'{{"DateLessThan":{{"AWS:EpochTime":{expires}}}}}'
    policy = f'{{"Statement":[{{"Resource":"{url}","Condition":{condition}}}]}}'
    signature = base64.b64encode(key.sign(policy.encode(), PKCS1v15(), SHA1()))  # noqa: S303
    text = signature.decode().translate(str.maketrans("+=/", "-_~"))
    return f"{url}?Expires={expires}&Signature={text}&Key-Pair-Id={key_id}"


def signer(settings: Settings) -> Sign:
    """The one that the settings name; raises ConfigError where its key cannot be used."""
    if settings.cdn_signing == "cloudfront":
        assert settings.cdn_key_id is not None  # this and the others, or they would not have loaded
        assert settings.cdn_key_file is not None
        return partial(sign_cloudfront, key_id=settings.cdn_key_id, key=_read_key(settings.cdn_key_file))
    assert settings.cdn_secret is not None
    by_secret = {"hmac": sign_hmac, "secure_link": sign_secure_link, "bunny": sign_bunny}
    return partial(by_secret[settings.cdn_signing], secret=settings.cdn_secret)


def _read_key(file: Path) -> "RSAPrivateKey":
    # here, because no other process has to load it
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
        if isinstance(key, RSAPrivateKey):
            return key
        sentence = "This is no RSA key."
    except (OSError, ValueError, TypeError) as error:  # TypeError: it wants a password
        sentence = str(error)
    raise ConfigError([Fault("MATINEE_CDN_KEY_FILE", sentence)])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
