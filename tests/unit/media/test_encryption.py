"""Which bytes of a picture are encrypted: byte by byte, on units made up for it."""

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from matinee.media.encryption.samples import Subsample, Units, encrypt_pattern, subsamples

AVC, HEVC = Units(4, is_hevc=False), Units(4, is_hevc=True)
IDR, SEI = b"\x65", b"\x06"


def unit(kind: bytes, size: int) -> bytes:
    """A unit with so many bytes behind its length."""
    return size.to_bytes(4) + kind + bytes(size - len(kind))


def parts(*units: bytes, of: Units = AVC, whole_blocks: bool = False) -> list[Subsample]:
    sample = bytearray(b"before" + b"".join(units))
    return subsamples(sample, range(6, len(sample)), of, whole_blocks=whole_blocks)


class TestSubsamples:
    def test_headers_stay_clear(self) -> None:
        """The length, what is no slice, and the beginning of a slice."""
        assert parts(unit(SEI, 20), unit(IDR, 1000)) == [Subsample(24 + 4 + 64, 1000 - 64)]
        assert parts(unit(b"\x26\x01", 1000), of=HEVC) == [Subsample(4 + 192, 1000 - 192)]
        assert parts(unit(b"\x40\x01", 50), of=HEVC) == [Subsample(54, 0)]

    def test_blocks_are_whole_where_they_must_be(self) -> None:
        """What is over stays clear, in front."""
        assert parts(unit(IDR, 64 + 40), whole_blocks=True) == [Subsample(4 + 64 + 8, 32)]

    def test_a_long_clear_part_is_told_in_pieces(self) -> None:
        """Of which none is longer than 16 bits can tell."""
        assert parts(unit(SEI, 70_000), unit(IDR, 100)) == [Subsample(65_535, 0), Subsample(4_469 + 4 + 64, 36)]

    def test_of_many_slices_the_last_are_one(self) -> None:
        """So that their description fits, and nothing stays clear."""
        found = parts(*[unit(IDR, 100)] * 60)
        assert len(found) == 40
        assert found[-1] == Subsample(4 + 64, 36 + 20 * 104)

    @pytest.mark.parametrize("whole_blocks", [True, False])
    @pytest.mark.parametrize(
        "units",
        [
            [unit(b"\x0e", 4), unit(IDR, 1400)] * 120,
            [unit(b"\x0c", 30), unit(IDR, 1400)] * 120,
            [*[unit(IDR, 1400)] * 39, unit(b"\x0c", 3_000_000)],
            [unit(b"\x0c", 3_000_000), unit(IDR, 1400)],
            [*[unit(b"\x0c", 70_000), unit(b"\x74", 1400)] * 30],
        ],
        ids=["prefixes", "fillers", "a filler at the end", "a filler in front", "long fillers"],
    )
    def test_whatever_lies_between_slices_none_stays_clear(self, units: list[bytes], *, whole_blocks: bool) -> None:
        """Behind its lead, and what is over of a block; and what tells of it fits."""
        sample = b"".join(units)
        found = parts(*units, whole_blocks=whole_blocks)
        assert 8 + 2 + 6 * len(found) <= 255
        assert max(clear for clear, _ in found) <= 65_535
        assert sum(map(sum, found)) == len(sample)
        clear = b"".join(b"\1" * part.clear + bytes(part.protected) for part in found)
        at = 0
        for each in units:
            if AVC.is_slice(each[4]):
                assert not any(clear[at + 4 + 64 + 15 : at + len(each)])
            at += len(each)

    @given(st.binary(min_size=1, max_size=300), st.booleans())
    def test_every_byte_is_told_of_once(self, sample: bytes, whole_blocks: bool) -> None:
        """Also of what does not consist of units."""
        found = subsamples(bytearray(sample), range(len(sample)), AVC, whole_blocks=whole_blocks)
        assert sum(map(sum, found)) == len(sample)


class TestPattern:
    @pytest.mark.parametrize("size", [0, 15, 16, 160, 175, 176, 1000])
    def test_one_block_of_ten_is_encrypted(self, size: int) -> None:
        """Chained from one to the next; a block that is not whole stays clear."""
        key, iv = bytes(range(16)), bytes(range(16, 32))
        clear = bytes(number % 251 for number in range(size + 5))
        media = bytearray(clear)
        encrypt_pattern(media, 0, [Subsample(5, size)], key, iv)
        encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
        expected = bytearray(clear)
        for at in range(5, 5 + size - 15, 160):
            expected[at : at + 16] = encryptor.update(clear[at : at + 16])
        assert media == expected
