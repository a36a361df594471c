"""What an API key looks like.

    mtn_0f8fad5b_<64 hexadecimal digits: 256 random bits><8: a checksum of all before>

The mark and the checksum let scanners of repositories and logs find leaked keys and nothing else, and let a mistyped
one be refused without a look into the database. The digits behind the mark begin the key's id, so that whoever finds
one in a log or in the list knows which it is. Letters, digits and `_` alone: a double click selects all of it.
"""

import hashlib
import re
import secrets
import zlib
from uuid import UUID

from matinee.common.http.authentication import KEY_MARK

MOST_KEYS = 50  # of an account, that are neither expired nor revoked
_SECRET_BYTES = 32
_CHECKSUM = 8  # digits of a CRC-32
_FORM = re.compile(rf"{KEY_MARK}[0-9a-f]{{8}}_[0-9a-f]{{{2 * _SECRET_BYTES + _CHECKSUM}}}")


def prefix_of(key_id: UUID) -> str:
    """How a key begins: what is shown of it."""
    return f"{KEY_MARK}{key_id.hex[:8]}"


def new_secret(key_id: UUID) -> str:
    """A whole key, which nobody can guess."""
    text = f"{prefix_of(key_id)}_{secrets.token_hex(_SECRET_BYTES)}"
    return text + _checksum(text)


def is_well_formed(secret: str) -> bool:
    """Whether it may be a key of ours."""
    return _FORM.fullmatch(secret) is not None and _checksum(secret[:-_CHECKSUM]) == secret[-_CHECKSUM:]


def hash_of(secret: str) -> bytes:
    """What is stored of a key.

    A fast hash is right here: slow ones make guessing dear, and of 2²⁵⁶ nobody guesses any. It is taken per request.
    """
    return hashlib.sha256(secret.encode()).digest()


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
