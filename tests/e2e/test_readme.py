"""What the README promises works as it is written there."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from tests.e2e.installation import Installation

README = Path(__file__).parents[2] / "README.md"
MORE_THAN_A_PART = 17 << 20


class TestTheApiInTenLines:
    @pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="the lines use curl and jq")
    def test_they_bring_a_film_to_its_last_rendition(
        self, installation: Installation, film: Path, tmp_path: Path
    ) -> None:
        """Also one that has several parts."""
        found = re.search(r"## The API in ten lines\n\n```sh\n(.*?)```", README.read_text(), re.DOTALL)
        assert found is not None
        lines = found[1].replace("http://localhost:3000", installation.url).replace("ada@", "a-reader@")
        filler = struct.pack(">I4s", MORE_THAN_A_PART, b"free").ljust(MORE_THAN_A_PART, b"\0")
        (tmp_path / "sea.mp4").write_bytes(film.read_bytes() + filler)
        command = ["bash", "-euo", "pipefail", "-c", lines]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert ended.returncode == 0, ended.stderr
        assert '"state":"complete"' in ended.stdout
