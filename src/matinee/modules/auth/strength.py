"""How hard a password is to guess: known ones, names, dates and keyboard rows are found without asking anybody."""

import re
from collections.abc import Sequence

from zxcvbn_rs_py import Entropy, zxcvbn

from matinee.common.errors import Invalid
from matinee.common.validation import Fault

_JUDGED = 40  # characters; what follows is worth nothing, and 40 take 40 ms at most, 128 of them 200
_ENOUGH = 3  # zxcvbn: "safely unguessable" where the stored hash is slow
_CONTEXT = re.compile(r"[\W_]+")


class WeakPassword(Invalid):
    """This password is too easily guessed; several words that have nothing to do with you are better."""

    code = "weak_password"

    def __init__(self, why: str, *, field: str) -> None:
        sentence = " ".join(
            filter(
                None,
                (
                    "This password is too easily guessed.",
                    why,
                    "Several words that have nothing to do with you are better.",
                ),
            )
        )
        super().__init__(sentence, faults=[Fault(field, sentence)])


def judge(password: str, about: Sequence[str], *, field: str) -> None:
    """Raises WeakPassword for the field. `about`: what others know of its owner. Slow: not on the event loop."""
    words = {word for text in (*about, "matinee") for word in (text, *_CONTEXT.split(text)) if word}
    found = zxcvbn(password[:_JUDGED], sorted(words))
    if int(found.score) < _ENOUGH:
        raise WeakPassword(_reason(found), field=field)


def _reason(found: Entropy) -> str:
    warning = found.feedback.warning if found.feedback else None
    return "" if warning is None else str(warning)
