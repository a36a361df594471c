"""Which account may go where, judged by mode bits."""

import os
from pathlib import Path

import pytest

from matinee.embedded.accounts import Account, can_pass, can_run, current_account, owner_account

STRANGER = Account(uid=4_000_001, gid=4_000_001, name="stranger")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose parents are taken for open: those of pytest are closed to strangers."""
    monkeypatch.setattr(Path, "parents", property(lambda path: ()))
    return tmp_path


class TestCanPass:
    @pytest.mark.parametrize(("mode", "answer"), [(0o711, True), (0o755, True), (0o700, False), (0o744, False)])
    def test_a_stranger_needs_the_right_to_search(self, folder: Path, mode: int, answer: bool) -> None:
        """Reading a folder's list does not help to get through it."""
        folder.chmod(mode)
        assert can_pass(STRANGER, folder) is answer

    def test_the_owner_is_judged_by_the_owners_bits(self, folder: Path) -> None:
        """Bits for others do not count for the owner."""
        folder.chmod(0o077)
        owner = Account(uid=folder.stat().st_uid or STRANGER.uid, gid=0, name="owner")
        if folder.stat().st_uid == 0:
            os.chown(folder, owner.uid, owner.gid)
        assert can_pass(owner, folder) is False

    def test_the_group_is_judged_by_the_groups_bits(self, folder: Path) -> None:
        """Bits for others do not count for the group."""
        folder.chmod(0o701)
        member = Account(uid=STRANGER.uid, gid=folder.stat().st_gid, name="member")
        assert can_pass(member, folder) is False

    def test_every_folder_above_counts(self, tmp_path: Path) -> None:
        """An open folder inside a closed one is closed."""
        inner = tmp_path / "closed" / "open"
        inner.mkdir(parents=True)
        inner.chmod(0o755)
        inner.parent.chmod(0o700)
        assert can_pass(STRANGER, inner) is False

    def test_root_goes_everywhere(self, folder: Path) -> None:
        """Mode bits do not hold root back."""
        folder.chmod(0)
        assert can_pass(Account(uid=0, gid=0, name="root"), folder) is True


class TestCanRun:
    @pytest.mark.parametrize(("mode", "answer"), [(0o755, True), (0o744, False), (0o711, False), (0o750, False)])
    def test_a_program_must_be_readable_and_executable(self, folder: Path, mode: int, answer: bool) -> None:
        """Both are needed: a server opens its own program to find its libraries."""
        folder.chmod(0o755)
        program = folder / "server"
        program.touch()
        program.chmod(mode)
        allowed = can_run(STRANGER, program)
        assert allowed is answer


class TestOwnerAccount:
    def test_whoever_is_not_root_stays_who_they_are(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An ordinary user's servers run as that user, whoever owns the folder."""
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER.uid)
        assert owner_account(tmp_path) == current_account()

    def test_an_account_without_a_name_is_called_by_its_number(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Containers often run under ids that no file knows."""
        monkeypatch.setattr(os, "geteuid", lambda: STRANGER.uid)
        assert current_account().name == str(STRANGER.uid)
