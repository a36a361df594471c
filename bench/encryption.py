"""What it costs to encrypt a cell, which happens once: against reading it, as happens each time that it is sent."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.servers import Site
from bench.tables import Row, median, report
from matinee.media.binaries import find_binaries
from matinee.media.encryption.boxes import Description, encrypt_cell
from matinee.media.encryption.model import ContentKey, SampleEncryption
from matinee.media.encryption.whole import encrypt_segment

_PICTURE = "testsrc2=size=1920x1080:rate=30:duration=4,noise=alls=20:allf=t"
_CHUNK = 256 * 1024
_KEY = ContentKey(bytes(16), bytes(16), bytes(16))


def run(site: Site, *, seconds: float, rounds: int) -> None:
    """Prints the table."""
    file = site.folder / "cell.mp4"
    _make(file)
    init, cell = _split(file.read_bytes())
    file.write_bytes(cell)
    description = Description(init)
    ways: dict[str, Callable[[], object]] = {
        "aes-128": lambda: encrypt_segment(cell, _KEY.key, 7),
        "cenc": lambda: encrypt_cell(cell, description, SampleEncryption("cenc", _KEY, _KEY)),
        "cbcs": lambda: encrypt_cell(cell, description, SampleEncryption("cbcs", _KEY, _KEY)),
    }
    times = max(5, round(seconds * 10))
    floor = _spent(lambda: _read(file), times, rounds)
    rows = [
        Row(way, _spent(act, times, rounds), "ms CPU", "stream: the clear cell, read from disk", floor)
        for way, act in ways.items()
    ]
    notes = [
        f"A cell of 4 s of 1080p30, {len(cell) / 1e6:.1f} MB. Afterwards it is in the cache, and sent as any other."
    ]
    report("encryption", "Encrypting a cell", rows, notes, site.folder)


def _spent(act: Callable[[], object], times: int, rounds: int) -> float:
    """Milliseconds of CPU time, the median of some rounds behind one to warm up."""
    found = []
    for _ in range(rounds + 1):
        began = time.process_time()
        for _ in range(times):
            act()
        found.append(1000 * (time.process_time() - began) / times)
    return median(found[1:])


def _read(file: Path) -> None:
    with file.open("rb", buffering=0) as opened:
        while opened.read(_CHUNK):
            pass


def _make(file: Path) -> None:
    command = [find_binaries().ffmpeg, "-y", "-v", "error", "-nostdin", "-f", "lavfi", "-i", _PICTURE]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-b:v", "5M", "-g", "120", "-sc_threshold", "0"]
    command += ["-movflags", "+cmaf+delay_moov+frag_keyframe+default_base_moof", str(file)]
    subprocess.run(command, check=True)


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The init segment and the cell."""
    parts = list(_boxes(data))
    init, cell = (
        b"".join(part for part in parts if part[4:8] in kinds) for kinds in ((b"ftyp", b"moov"), (b"moof", b"mdat"))
    )
    return init, cell


def _boxes(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        yield data[at : at + size]
        at += size
