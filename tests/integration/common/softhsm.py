"""A token of SoftHSM, which every program of the run reaches by the environment."""

import os
import subprocess
from pathlib import Path
from typing import Any

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "matinee tests", "2468"


def make_token(folder: Path) -> dict[str, Any]:
    """Makes a token in the folder; returns the settings that lead to it, without ids of keys."""
    configuration, tokens = folder / "softhsm2.conf", folder / "tokens"
    tokens.mkdir()
    configuration.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", PIN]
    subprocess.run(command, check=True, capture_output=True)
    return {"key_module": LIBRARY, "key_token": LABEL, "key_pin": PIN}
