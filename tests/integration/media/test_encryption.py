"""FFmpeg, which shares no line with it, decrypts what is encrypted here: the very bytes of the clear cells."""

import struct
import subprocess
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from matinee.media.binaries import find_binaries
from matinee.media.boxes import BadFragment
from matinee.media.encryption.boxes import Description, _vectors, encrypt_cell, encrypt_init
from matinee.media.encryption.model import ContentKey, NotEncryptable, SampleEncryption
from matinee.media.encryption.whole import encrypt_segment

VIDEO = ContentKey(bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48)))
AUDIO = ContentKey(bytes(range(48, 64)), bytes(range(64, 80)), bytes(range(80, 96)))
PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25:duration=2,noise=alls=30:allf=t"]
SOUND = ["-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000", "-c:a", "aac", "-frag_duration", "9000000"]
FILMS = {
    "h264": [*PICTURE, "-c:v", "libx264", "-preset", "veryfast", "-g", "50"],
    "h264 of many slices": [
        *PICTURE,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "50",
        "-slice-max-size",
        "900",
    ],
    "hevc": [*PICTURE, "-c:v", "libx265", "-preset", "ultrafast", "-g", "50", "-x265-params", "log-level=none"],
    "aac": SOUND,
}


class Film(NamedTuple):
    """A track of one cell."""

    init: bytes
    cell: bytes


def boxes(data: bytes) -> list[bytes]:
    found = []
    while data:
        (size,) = struct.unpack_from(">I", data)
        found.append(data[:size])
        data = data[size:]
    return found


def make(file: Path, arguments: list[str]) -> Film:
    command = [find_binaries().ffmpeg, "-y", "-loglevel", "error", "-nostdin", *arguments]
    command += ["-movflags", "+cmaf+delay_moov+frag_keyframe+default_base_moof", "-f", "mp4", str(file)]
    subprocess.run(command, check=True)
    parts = boxes(file.read_bytes())
    return Film(
        b"".join(part for part in parts if part[4:8] in (b"ftyp", b"moov")),
        b"".join(part for part in parts if part[4:8] in (b"moof", b"mdat")),
    )


@pytest.fixture(scope="module", params=list(FILMS))
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Each kind of track."""
    return make(tmp_path_factory.mktemp("film") / "film.mp4", FILMS[request.param])


def packets(source: Path | str, *options: str) -> list[str]:
    """The hashes of a track's samples, as FFmpeg reads them."""
    command = [find_binaries().ffmpeg, "-loglevel", "error", "-nostdin", *options, "-i", str(source)]
    listed = subprocess.run(
        [*command, "-c", "copy", "-f", "framemd5", "-"], check=True, capture_output=True, text=True
    )
    return [line.split(",")[5].strip() for line in listed.stdout.splitlines() if not line.startswith("#")]


class TestSamples:
    @pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
    def test_ffmpeg_reads_the_same_samples(self, film: Film, tmp_path: Path, scheme: Any) -> None:
        """With the key all of them, without it none."""
        encryption = SampleEncryption(scheme, VIDEO, AUDIO)
        description = Description(film.init)
        cell = encrypt_cell(film.cell, description, encryption)
        (tmp_path / "clear.mp4").write_bytes(film.init + film.cell)
        (tmp_path / "film.mp4").write_bytes(encrypt_init(film.init, encryption) + cell)
        clear = packets(tmp_path / "clear.mp4")
        key = encryption.key_of(description.track).key.hex()
        assert packets(tmp_path / "film.mp4", "-decryption_key", key) == clear
        encrypted = packets(tmp_path / "film.mp4")
        assert len(encrypted) == len(clear) > 40
        assert not set(encrypted) & set(clear)

    @pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
    def test_the_same_cell_gives_the_same_bytes(self, film: Film, scheme: Any) -> None:
        """Its ranges may be asked for one by one, of different processes."""
        encryption, description = SampleEncryption(scheme, VIDEO, AUDIO), Description(film.init)
        assert encrypt_cell(film.cell, description, encryption) == encrypt_cell(film.cell, description, encryption)

    def test_no_two_samples_of_a_key_share_a_vector(self) -> None:
        """Where samples are counted through (`cenc`): not within a cell, and not those of two."""
        cells = (bytearray(b"one cell"), bytearray(b"another cell"))
        vectors = [vector for cell in cells for vector in islice(_vectors(cell, VIDEO), 1000)]
        assert len(set(vectors)) == len(vectors) == 2000

    @pytest.mark.parametrize("scheme", ["cenc", "cbcs"])
    def test_what_no_sample_covers_is_refused(self, film: Film, scheme: Any) -> None:
        """It would be delivered clear."""
        with pytest.raises(BadFragment):
            encrypt_cell(film.cell + b"more", Description(film.init), SampleEncryption(scheme, VIDEO, AUDIO))

    def test_av1_is_refused(self, tmp_path: Path) -> None:
        """Which bytes of it stay clear is told by headers that are not read here."""
        film = make(tmp_path / "film.mp4", [*PICTURE, "-frames:v", "2", "-c:v", "libsvtav1", "-preset", "12"])
        with pytest.raises(NotEncryptable):
            encrypt_init(film.init, SampleEncryption("cenc", VIDEO, AUDIO))


class TestWhole:
    def test_ffmpeg_reads_the_same_samples(self, film: Film, tmp_path: Path) -> None:
        """Of an HLS playlist with a key in a file beside it."""
        (tmp_path / "clear.mp4").write_bytes(film.init + film.cell)
        (tmp_path / "init.mp4").write_bytes(film.init)
        (tmp_path / "key").write_bytes(VIDEO.key)
        (tmp_path / "7.m4s").write_bytes(encrypt_segment(film.cell, VIDEO.key, 7))
        lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:7"]
        lines += ['#EXT-X-MAP:URI="init.mp4"', '#EXT-X-KEY:METHOD=AES-128,URI="key"', "#EXTINF:2,", "7.m4s"]
        (tmp_path / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST"]))
        options = ["-allowed_extensions", "ALL", "-extension_picky", "0", "-protocol_whitelist", "file,crypto"]
        assert packets(tmp_path / "list.m3u8", *options) == packets(tmp_path / "clear.mp4")
