"""What is recorded, by stable names: the kind of thing that it was done to, and what became of it.

Names are never changed and never mean something else; whoever adds an operation that matters adds one.
"""

from typing import Literal

Action = Literal[
    "account.closed",
    "account.erased",
    "account.exported",
    "account.email_changed",
    "account.email_verified",
    "account.password_changed",
    "account.password_reset",
    "account.quota_changed",
    "account.recovery_codes_renewed",
    "account.registered",
    "account.restored",
    "account.role_changed",
    "account.second_factor_failed",
    "account.second_factor_off",
    "account.second_factor_on",
    "account.sessions_ended",
    "account.sign_in_failed",
    "account.suspended",
    "account.suspension_lifted",
    "api_key.created",
    "api_key.revoked",
    "invitation.created",
    "invitation.revoked",
    "server.audit_exported",
    "server.signing_key_rotated",
    "session.ended",
    "session.opened",
    "session.replayed",
    "signing_key.created",
    "signing_key.deleted",
    "video.deleted",
    "video.keys_exported",
    "video.keys_renewed",
    "video.password_set",
    "video.prioritised",
    "video.shared",
    "video.unshared",
    "video.visibility_changed",
]
