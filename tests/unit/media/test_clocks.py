"""Where the clock of a recording begins anew; files written here, no FFmpeg."""

from __future__ import annotations

import pytest

from matinee.media.clocks import LOOK_BYTES, clock_restarts, goes_back, read_flv_clocks, read_transport_clocks

SECOND = 90_000
ROUND = 1 << 33


def packet(ticks: int | None = None, program: int = 256) -> bytes:
    """A packet of 188 bytes, with a clock or none."""
    head = b"\x47" + program.to_bytes(2, "big")
    if ticks is None:
        return head + b"\x10" + bytes(184)
    return head + b"\x30" + bytes((183, 0x10)) + ((ticks << 7) % (1 << 40)).to_bytes(5, "big") + b"\x7e" + bytes(176)


def recording(seconds: int, *, start: int = 0, prefix: bytes = b"") -> bytes:
    """A clock every tenth of a second, and 20 packets between two."""
    return b"".join(
        prefix + packet(tick % ROUND if number == 0 else None)
        for tick in range(start, start + seconds * SECOND, SECOND // 10)
        for number in range(20)
    )


def tag(milliseconds: int, held: bytes, kind: int = 9) -> bytes:
    """A tag of an FLV, with its size behind it."""
    low, high = milliseconds & 0xFFFFFF, milliseconds >> 24
    head = bytes((kind,)) + len(held).to_bytes(3, "big") + low.to_bytes(3, "big") + bytes((high, 0, 0, 0))
    return head + held + (11 + len(held)).to_bytes(4, "big")


def flv(seconds: int, *, start: int = 0) -> bytes:
    """Pictures of 5 kB and sounds of 200 bytes, ten of both a second, which look like the heads of tags."""
    tags = [
        tag(at, b"\x09\x00\x00\x08" * 1250) + tag(at + 3, b"\x08" * 200, kind=8)
        for at in range(start * 1000, (start + seconds) * 1000, 100)
    ]
    return b"FLV\x01\x05\0\0\0\x09\0\0\0\0" + b"".join(tags)


async def restarts(data: bytes, container: str = "mpegts") -> bool:
    async def read(start: int, length: int) -> bytes:
        return data[start : start + length]

    return await clock_restarts(container, read, len(data))


class TestFiles:
    @pytest.mark.parametrize("prefix", [b"", b"\x12\x34\x56\x78"], ids=["TS", "M2TS"])
    async def test_a_recording_is_told_from_two_joined(self, prefix: bytes) -> None:
        """Whatever their length, and whether the second one began earlier or at the same time."""
        one = recording(90, start=7 * SECOND, prefix=prefix)
        assert not await restarts(one)
        assert await restarts(one + one)
        assert await restarts(one + recording(30, prefix=prefix))
        assert await restarts(recording(2, prefix=prefix) * 2)

    async def test_a_clock_that_runs_over_goes_on(self) -> None:
        """After 26 hours it begins at 0 by itself."""
        assert not await restarts(recording(90, start=ROUND - 40 * SECOND))

    async def test_a_gap_is_no_restart(self) -> None:
        """A clock may jump ahead: nothing was sent meanwhile."""
        assert not await restarts(recording(30) + recording(30, start=3600 * SECOND))

    async def test_an_flv_is_told_from_two_joined(self) -> None:
        """Whatever their length; one of five hours, whose clock has a fourth byte by then, goes on."""
        assert not await restarts(flv(90), "flv")
        assert not await restarts(flv(90, start=5 * 3600 - 45), "flv")
        assert await restarts(flv(90) + flv(90), "flv")
        assert await restarts(flv(3) * 2, "flv")
        assert await restarts(flv(60, start=5) + flv(20), "flv")

    async def test_other_containers_have_no_such_clock(self) -> None:
        """Whatever they hold."""
        assert not await restarts(flv(3) * 2, "matroska")

    async def test_what_is_no_transport_stream_has_no_clock(self) -> None:
        """Nor has a file that is shorter than three packets."""
        for data in (b"", b"\x47", bytes(3 * LOOK_BYTES), recording(1)[:400]):
            assert not await restarts(data)


class TestClocks:
    def test_each_program_has_its_own(self) -> None:
        """As they stand in the file; what is in front of the first whole packet is passed over."""
        data = b"\x47\x00" + packet(5) + packet() + packet(7, program=300) + packet(ROUND - 1)
        assert list(read_transport_clocks(data)) == [(256, 5), (300, 7), (256, ROUND - 1)]

    def test_those_of_an_flv_are_found_from_anywhere(self) -> None:
        """A tag that is cut off at either end is passed over."""
        data = tag(1, bytes(50)) + tag(2, bytes(9), kind=18) + tag((1 << 24) + 3, bytes(20), kind=8)
        assert list(read_flv_clocks(data[7:])) == [(0, 180), (0, ((1 << 24) + 3) * 90)]
        assert list(read_flv_clocks(data[:-1])) == [(0, 90), (0, 180)]

    def test_they_end_where_packets_do(self) -> None:
        """What follows a damaged packet is not guessed at."""
        data = packet(1) + packet(2) + packet(3) + b"\x00" + packet(4)
        assert [ticks for _, ticks in read_transport_clocks(data)] == [1, 2, 3]

    @pytest.mark.parametrize(
        ("seconds", "back"),
        [
            ([0, 1, 2, 0, 1], True),
            ([0, 1, 2, 3], False),
            ([0, 1, 90, 2, 3, 4], False),
            ([5, 6, 0, 7, 8], False),
            ([0, 1, 0.8, 1.1, 2], False),
            ([3], False),
            ([], False),
        ],
    )
    def test_one_that_is_damaged_tells_nothing(self, seconds: list[float], back: bool) -> None:
        """Two before and two behind have to agree; and a little back is no new beginning."""
        assert goes_back([round(second * SECOND) for second in seconds]) is back
