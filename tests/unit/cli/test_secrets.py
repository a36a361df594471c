"""The secrets of `dev` and `demo`: made once, whole or not at all, for their owner's eyes."""

import os
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import pytest

from matinee.cli.secrets import load_secrets


class TestLoadSecrets:
    def test_the_next_call_finds_them(self, tmp_path: Path) -> None:
        """Tokens and the demo's password outlive a restart."""
        assert load_secrets(tmp_path) == load_secrets(tmp_path)

    def test_nobody_else_may_read_them(self, tmp_path: Path) -> None:
        """Whatever the umask is."""
        before = os.umask(0)
        try:
            load_secrets(tmp_path)
        finally:
            os.umask(before)
        assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600

    def test_several_processes_at_once_get_the_same(self, tmp_path: Path) -> None:
        """Whoever comes first makes them."""
        folders = []
        for number in range(20):
            folders.append(tmp_path / str(number))
            folders[-1].mkdir()
        with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as processes:
            got = list(processes.map(load_secrets, [folder for folder in folders for _ in range(4)]))
        for number in range(20):
            assert len({each.secret_key for each in got[4 * number : 4 * number + 4]}) == 1

    def test_what_an_interrupted_call_leaves_is_not_taken_for_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Power may fail before the disk has them: then there are none, and the next call makes some."""

        def fail(descriptor: int) -> None:
            raise OSError(descriptor, "the disk is full")

        with monkeypatch.context() as full:
            full.setattr(os, "fsync", fail)
            with pytest.raises(OSError, match="the disk is full"):
                load_secrets(tmp_path)
        assert list(tmp_path.iterdir()) == []
        assert load_secrets(tmp_path).jwt_key

    def test_a_damaged_file_is_told_in_a_sentence(self, tmp_path: Path) -> None:
        """It is not replaced: the sessions and the account that belong to it would be lost without a word."""
        (tmp_path / "secrets.json").write_bytes(b'{"jwt_key": "')
        with pytest.raises(click.ClickException, match=r"secrets\.json cannot be read"):
            load_secrets(tmp_path)
