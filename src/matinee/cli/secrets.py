"""Secrets of `dev` and `demo`: generated once, kept in the data folder, readable by their owner alone."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from matinee.embedded.private_files import keep_private


class DevSecrets(msgspec.Struct, frozen=True):
    """What has no default anywhere else."""

    jwt_key: str
    secret_key: str
    demo_password: str


def load_secrets(data_dir: Path) -> DevSecrets:
    """The data folder's secrets; made at the first call, the same for all who call at once.

    After a crash at any moment the next call finds either none or all of them.
    """
    file = data_dir / "secrets.json"
    with _held(data_dir):
        kept = keep_private(file, _make)
    try:
        return msgspec.json.decode(kept, type=DevSecrets)
    except msgspec.DecodeError as error:
        raise click.ClickException(
            f"{file} cannot be read: {error}. Put it back from a backup, or choose another data folder."
        ) from None


def _make() -> bytes:
    fresh = DevSecrets(secrets.token_urlsafe(48), secrets.token_urlsafe(48), secrets.token_urlsafe(12))
    return msgspec.json.encode(fresh)


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Keeps other processes that want the same folder waiting."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)  # which lets go
