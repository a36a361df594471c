"""The virtual environment of a fresh clone, also on a Debian that ships Python in parts."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "scripts" / "make-venv.sh"
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


class Machine:
    """One where PATH holds nothing but what a test puts there, and Python lacks the modules that are named."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "venv"
        self._programs = folder / "bin"
        self._missing = folder / "missing"
        for place in (self._programs, self._missing):
            place.mkdir()
        for program in ("bash", "rm", "mkdir", "id"):
            (self._programs / program).symlink_to(str(shutil.which(program)))

    def lacks(self, *modules: str) -> None:
        for module in modules:
            (self._missing / f"{module}.py").write_text(f"raise ImportError('no {module}')\n")

    def make(self) -> subprocess.CompletedProcess[str]:
        python = self._programs / "python3"
        base = getattr(sys, "_base_executable", sys.executable)
        lines = ["#!/bin/sh"]
        if (
            self._missing / "ensurepip.py"
        ).exists():  # venv asks the new Python for it, which PYTHONPATH does not reach
            lines.append('[ "$1 $2" = "-m venv" ] && [ "$3" != --without-pip ] && mkdir -p "$3" && exit 1')
        lines.append(f'PYTHONPATH={self._missing} exec {base} "$@"')
        python.write_text("\n".join(lines))
        python.chmod(python.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        bundled = (
            Path(pytest.importorskip("ensurepip").__file__).parent / "_bundled"
        )  # in the place of a package index
        env = {"PATH": str(self._programs), "HOME": str(self._missing), "PIP_NO_INDEX": "1"}
        env["PIP_FIND_LINKS"] = str(bundled)
        command = [str(SCRIPT), str(python), str(self.venv)]
        return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    def has_pip(self) -> bool:
        command = [self.venv / "bin" / "python", "-m", "pip", "--version"]
        return subprocess.run(command, capture_output=True, check=False, env=dict(os.environ)).returncode == 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


class TestMakeVenv:
    @pytest.mark.soak
    def test_a_whole_python_needs_nothing_else(self, machine: Machine) -> None:
        """Its own venv does it."""
        machine.lacks("pip", "virtualenv")
        ended = machine.make()
        assert (ended.returncode, ended.stderr) == (0, "")
        assert machine.has_pip()

    def test_pip_stands_in_for_ensurepip(self, machine: Machine) -> None:
        """Debian with python3-pip, but without python3-venv, and nobody is root."""
        machine.lacks("ensurepip", "virtualenv")
        ended = machine.make()
        assert (ended.returncode, ended.stderr) == (0, "")
        assert machine.has_pip()

    def test_with_nothing_at_hand_the_package_is_named(self, machine: Machine) -> None:
        """In one sentence, and no half environment is left."""
        machine.lacks("ensurepip", "pip", "virtualenv")
        ended = machine.make()
        assert ended.returncode == 1
        assert ended.stderr.count("\n") == 1
        assert f"apt-get install python{VERSION}-venv" in ended.stderr
        assert not machine.venv.exists()
