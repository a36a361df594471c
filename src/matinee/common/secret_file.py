"""Secrets in files: read when they are used, for whoever keeps them may change them while the process runs."""

from pathlib import Path
from typing import overload

import structlog

log = structlog.get_logger()


class SecretFile(str):
    """A secret as it stood in a file when the process started; `latest` tells what stands there by now."""

    _path: Path
    _latest: str

    @classmethod
    def read(cls, path: Path) -> str:
        """The secret in a file; out of a pipe, which tells it once, a text like any other.

        Raises ValueError, without the path: it may be the secret itself, set by the wrong name.
        """
        text = _text_in(path)
        if not path.is_file():
            return text
        secret = cls(text)
        secret._path, secret._latest = path, text
        return secret

    def latest(self) -> str:
        """What could be read last: a file that is just being written may be empty for a moment, or away."""
        try:
            self._latest = _text_in(self._path)
        except ValueError as error:
            log.warning("secret_not_read", path=str(self._path), reason=str(error))
        return self._latest


@overload
def latest(secret: str) -> str: ...


@overload
def latest(secret: str | None) -> str | None: ...


def latest(secret: str | None) -> str | None:
    """What a secret of the settings is by now: to be asked at each use."""
    return secret.latest() if isinstance(secret, SecretFile) else secret


def _text_in(path: Path) -> str:
    """The text without the newline that editors put at its end."""
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"The file cannot be read: {error.strerror}.") from None
    except ValueError:
        raise ValueError("The file is no text in UTF-8.") from None
    if not text:
        raise ValueError("The file is empty.")
    return text
