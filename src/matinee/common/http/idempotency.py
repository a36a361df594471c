"""`Idempotency-Key`: a creating request that is sent twice is done once and answered twice alike.

The answer is stored in the very transaction that does the work, and a transaction-scoped advisory lock marks a key
as being in flight. So a crash leaves neither half a result nor a key that is stuck.
"""

import hmac
import re

import msgspec

from matinee.common.database import Connection, execute, fetch_one, fetch_value
from matinee.common.errors import Conflict, Invalid
from matinee.common.keys.ring import Digests
from matinee.common.validation import Fault

KEPT_HOURS = 24
LONGEST_KEY = 255
_KEY = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")


class RequestInFlight(Conflict):
    """The first request with this Idempotency-Key is still running; repeat it in a moment."""

    code = "idempotency_key_in_flight"


class KeyReused(Invalid):
    """This Idempotency-Key was used for another request; use a new key for a new request."""

    code = "idempotency_key_reused"


class InvalidKey(Invalid):
    """The Idempotency-Key must be 1 to 255 visible ASCII characters."""

    code = "invalid_idempotency_key"

    def __init__(self) -> None:
        super().__init__(faults=[Fault("header.Idempotency-Key", self.title())])


class StoredAnswer(msgspec.Struct, frozen=True):
    """What the first request was answered."""

    fingerprint: bytes
    status: int
    body: bytes


class IdempotentRequest(msgspec.Struct, frozen=True):
    """A request that carries a key: who sent it to which operation (`scope`), and keyed hashes of its body."""

    scope: str
    key: str
    fingerprints: tuple[bytes, ...]
    """By each of the server's keys, the one in use first."""


_FIND = """
SELECT fingerprint, status, body FROM idempotency_keys
WHERE scope = %s AND key = %s AND created_at > now() - make_interval(hours => %s)
"""
_STORE = """
INSERT INTO idempotency_keys (scope, key, fingerprint, status, body) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (scope, key) DO UPDATE SET
    fingerprint = excluded.fingerprint, status = excluded.status, body = excluded.body, created_at = now()
"""
_DELETE_EXPIRED = """
DELETE FROM idempotency_keys WHERE (scope, key) IN (
    SELECT scope, key FROM idempotency_keys WHERE created_at <= now() - make_interval(hours => %s)
    ORDER BY created_at LIMIT %s FOR UPDATE SKIP LOCKED)
"""


def identify(key: str, scope: str, body: bytes, digests: Digests) -> IdempotentRequest:
    """Checks the key's form. The body's hash is keyed, because a body may hold a password."""
    if _KEY.fullmatch(key) is None:
        raise InvalidKey
    return IdempotentRequest(scope, key, tuple(digests.by_each(body)))


async def find_answer(db: Connection, request: IdempotentRequest) -> StoredAnswer | None:
    """The stored answer, or None, and then the key is held until the transaction ends.

    Raises RequestInFlight where another transaction holds the key, KeyReused where the body differs.
    """
    held = await fetch_value(
        db, "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", (f"{request.scope}\n{request.key}",)
    )
    if not held:
        raise RequestInFlight
    answer = await fetch_one(db, StoredAnswer, _FIND, (request.scope, request.key, KEPT_HOURS))
    if answer is not None and not any(hmac.compare_digest(answer.fingerprint, each) for each in request.fingerprints):
        raise KeyReused
    return answer


async def store_answer(db: Connection, request: IdempotentRequest, status: int, body: bytes) -> None:
    """Keeps the answer; it becomes visible with the work itself, at commit."""
    await execute(db, _STORE, (request.scope, request.key, request.fingerprints[0], status, body))


async def delete_expired_answers(db: Connection, most: int) -> int:
    """Deletes answers past their 24 hours; returns how many."""
    return await execute(db, _DELETE_EXPIRED, (KEPT_HOURS, most))
