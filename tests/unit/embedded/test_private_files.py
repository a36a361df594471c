"""Files only their owner may read."""

from pathlib import Path

import pytest

from matinee.embedded.private_files import keep_private, random_word, write_private


class TestWritePrivate:
    def test_nobody_else_may_read_it(self, tmp_path: Path) -> None:
        """The mode is 0600, whatever was there before."""
        path = tmp_path / "secret"
        path.write_text("old")
        path.chmod(0o644)
        write_private(path, b"new")
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o600)

    def test_a_failure_leaves_the_old_content_and_no_litter(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the disk is full, say, what was there stays."""
        path = tmp_path / "secret"
        write_private(path, b"old")

        def full(self: Path, target: Path) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space"):
            write_private(path, b"new")
        assert path.read_bytes() == b"old"
        assert list(tmp_path.iterdir()) == [path]


class TestKeepPrivate:
    def test_it_is_made_once(self, tmp_path: Path) -> None:
        """The second caller gets what the first one made."""
        path = tmp_path / "secret"
        assert keep_private(path, lambda: b"first") == b"first"
        assert keep_private(path, lambda: b"second") == b"first"


class TestRandomWord:
    @pytest.mark.parametrize("length", [1, 13, 40])
    def test_it_has_the_length_asked_for(self, length: int) -> None:
        """Also where the number of hexadecimal digits is odd."""
        assert len(random_word(length)) == length
