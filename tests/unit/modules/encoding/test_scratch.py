"""Scratch folders of workers, living and dead."""

from pathlib import Path

from matinee.modules.encoding.scratch import Scratch


class TestScratch:
    def test_living_workers_keep_theirs(self, tmp_path: Path) -> None:
        """A second worker on the same machine touches nothing of the first."""
        first, second = Scratch(tmp_path), Scratch(tmp_path)
        first.open()
        assert first.folder is not None
        (first.folder / "block").write_bytes(b"block")
        second.open()
        assert (first.folder / "block").exists()
        assert second.folder != first.folder

    def test_what_dead_workers_left_is_removed(self, tmp_path: Path) -> None:
        """A folder that nobody holds is gone when the next worker starts."""
        left = tmp_path / "worker-killed"
        left.mkdir()
        (left / "lock").touch()
        (left / "block").write_bytes(b"block")
        Scratch(tmp_path).open()
        assert not left.exists()

    def test_nothing_is_left_at_the_end(self, tmp_path: Path) -> None:
        """An orderly end removes the folder."""
        scratch = Scratch(tmp_path)
        scratch.open()
        scratch.close()
        assert list(tmp_path.glob("worker-*")) == []

    def test_a_root_that_cannot_be_made_is_done_without(self, tmp_path: Path) -> None:
        """A worker starts without scratch space, too."""
        (tmp_path / "file").touch()
        scratch = Scratch(tmp_path / "file" / "scratch")
        scratch.open()
        assert scratch.folder is None
