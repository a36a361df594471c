"""Secrets of `dev` and `demo`: generated once, kept in the data folder, readable by their owner alone."""

import os
import secrets
from pathlib import Path

import msgspec


class DevSecrets(msgspec.Struct, frozen=True):
    """What has no default anywhere else."""

    jwt_key: str
    secret_key: str
    demo_password: str


def load_secrets(data_dir: Path) -> DevSecrets:
    """The data folder's secrets; made at the first call."""
    file = data_dir / "secrets.json"
    fresh = DevSecrets(secrets.token_urlsafe(48), secrets.token_urlsafe(48), secrets.token_urlsafe(12))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return msgspec.json.decode(file.read_bytes(), type=DevSecrets)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(fresh))
    return fresh
