"""How a file is cut into parts, and whether what arrived is what was promised: pure decisions."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from matinee.common.storage.port import Part
from matinee.common.validation import Fault

MIB = 1024**2
MOST_PARTS = 10_000  # S3's own limit
PART_SIZE = 16 * MIB  # smaller: more requests; larger: more to send again after a broken connection


class PartPlan(msgspec.Struct, frozen=True):
    """A file of `filesize` bytes in parts of `part_size`, numbered from 1; the last may be smaller."""

    filesize: int
    part_size: int

    @property
    def count(self) -> int:
        """How many parts there are, at least one."""
        return -(-self.filesize // self.part_size)

    def size(self, number: int) -> int:
        """Bytes of one part."""
        return self.part_size if number < self.count else self.filesize - self.part_size * (self.count - 1)


class Span(msgspec.Struct, frozen=True):
    """`size` bytes from `start` of one of several files."""

    file: int
    start: int
    size: int


def spans(sizes: Sequence[int], start: int, size: int) -> list[Span]:
    """Where bytes lie that are `size` from `start` of files of these sizes, one behind the other."""
    found: list[Span] = []
    before = 0
    for number, length in enumerate(sizes):
        first, end = max(start, before), min(start + size, before + length)
        if first < end:
            found.append(Span(number, first - before, end - first))
        before += length
    return found


def choose_part_size(filesize: int) -> int:
    """The part size in bytes, a whole number of MiB, such that S3's 10,000 parts suffice."""
    least = -(-filesize // MOST_PARTS)
    return max(PART_SIZE, -(-least // MIB) * MIB)


def settle_parts(plan: PartPlan, listed: Iterable[Part], claimed: Mapping[int, str]) -> list[Part]:
    """One part for each number, in order, where a part was sent again and the storage lists both.

    The one whose ETag the client names counts, else the last of the right size. Two contents in one second of the
    storage's clock cannot be told apart: neither counts, so that the part is missing and will be sent again.
    """
    by_number: dict[int, list[Part]] = {}
    for part in listed:
        by_number.setdefault(part.part_number, []).append(part)
    settled: list[Part] = []
    for number, sent in sorted(by_number.items()):
        named = [part for part in sent if part.etag == claimed.get(number)]
        candidates = named or [part for part in sent if part.size == plan.size(number)] or sent
        last = max(part.sent_at for part in candidates)
        latest = {part.etag: part for part in candidates if part.sent_at == last}
        if len(latest) == 1:
            settled += latest.values()
    return settled


def count_intact(etags: Sequence[str], listed: Iterable[Part]) -> int:
    """How many parts from the first on are stored as they were recorded."""
    stored = {(part.part_number, part.etag) for part in listed}
    return next((n for n, etag in enumerate(etags) if (n + 1, etag) not in stored), len(etags))


def missing_parts(plan: PartPlan, stored: Iterable[Part]) -> list[int]:
    """The numbers of the parts that are not stored."""
    present = {part.part_number for part in stored}
    return [number for number in range(1, plan.count + 1) if number not in present]


def misfit_parts(plan: PartPlan, stored: Iterable[Part]) -> list[Fault]:
    """The parts whose size is not what the file's size demands."""
    return [
        Fault(
            f"parts[{part.part_number}].size", f"Part {part.part_number} has {part.size} bytes instead of {expected}."
        )
        for part in stored
        if part.size != (expected := plan.size(part.part_number) if part.part_number <= plan.count else 0)
    ]


def mismatched_etags(claimed: Mapping[int, str], stored: Iterable[Part]) -> list[Fault]:
    """The parts that the client saw with another ETag than the storage has."""
    truth = {part.part_number: part.etag for part in stored}
    return [
        Fault(f"parts[{number}].etag", f"Part {number} is stored with another ETag; send that part again.")
        for number, etag in claimed.items()
        if number in truth and truth[number] != etag
    ]


def describe_numbers(numbers: list[int], most: int = 20) -> str:
    """`1, 2, 3 and 17 more` for a sentence."""
    shown = ", ".join(str(number) for number in numbers[:most])
    return shown if len(numbers) <= most else f"{shown} and {len(numbers) - most} more"
