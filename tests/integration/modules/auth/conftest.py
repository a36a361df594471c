"""Accounts whose owners are sent letters."""

from pathlib import Path

import msgspec
import pytest

from matinee.common.config import Settings


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """With letters, and with visitors from wherever they say."""
    return msgspec.structs.replace(settings, mail_folder=tmp_path / "mail", trusted_proxies=("127.0.0.1",))
