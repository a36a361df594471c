"""Wire types of the second factor."""

from typing import Annotated

import msgspec
from msgspec import Meta

from matinee.modules.auth.schemas import Code, Restore


class SecondFactorAnswer(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The second half of a sign-in."""

    challenge: Annotated[str, Meta(min_length=1, max_length=200, description="The challenge of `login`.")]
    code: Code
    restore: Restore = False


class SecondFactorState(msgspec.Struct):
    """What signing in asks of the account beside the password."""

    totp: Annotated[bool, Meta(description="Whether codes of an app are asked for.")]
    passkeys: Annotated[int, Meta(ge=0, description="Registered passkeys; any of them is a second factor.")]
    recovery_codes: Annotated[int, Meta(ge=0, description="Recovery codes that were not used.", examples=[10])]

    @property
    def is_on(self) -> bool:
        """Whether the password alone is not enough."""
        return self.totp or self.passkeys > 0


class TotpSecret(msgspec.Struct, kw_only=True):
    """What an app makes its codes of."""

    secret: Annotated[str, Meta(description="To be typed into the app.", examples=["JBSWY3DPEHPK3PXP"])]
    uri: Annotated[str, Meta(description="The same to be scanned: show it as a QR code.")]


class ConfirmTotp(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The proof that the app was set up."""

    code: Code


class RecoveryCodes(msgspec.Struct, kw_only=True):
    """Codes for whoever has lost the app."""

    codes: Annotated[
        list[str],
        Meta(
            description="Each works once. They can never be seen again.", examples=[["k3vq-7wma-x2ud-pe5n-q6tb-4hcz"]]
        ),
    ]
