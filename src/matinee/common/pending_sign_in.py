"""A sign-in that waits for its second factor, as the refusal tells of it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Method = Literal["totp", "passkey", "recovery_code"]


class PendingSignIn(msgspec.Struct, kw_only=True):
    """What is left to do for a session."""

    challenge: Annotated[str, Meta(description="Send it with the second factor. It opens one session at most.")]
    methods: Annotated[list[Method], Meta(description="What the account can answer it with.", examples=[["totp"]])]
    expires_in: Annotated[int, Meta(description="Seconds until the challenge expires.", examples=[300])]
