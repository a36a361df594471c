"""Small inputs and outputs of FFmpeg as files in memory, with no name in any folder.

A pipe would do for most of them, but some muxers (AVIF) go back to their beginning, and a pipe needs somebody to
read it meanwhile. What is written is bounded by `ProcessLimits.file_size`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

_READ_BYTES = 1 << 20

PROTOCOL = "fd"
"""The protocol that `as_input` opens, for `-protocol_whitelist`."""


def as_input(descriptor: int) -> list[str]:
    """The arguments that open a descriptor as an input."""
    return ["-fd", str(descriptor), "-i", f"{PROTOCOL}:"]


def as_output(descriptor: int) -> list[str]:
    """The arguments that open a descriptor as an output."""
    return ["-fd", str(descriptor), f"{PROTOCOL}:"]


@contextmanager
def memory_files(contents: Sequence[bytes]) -> Iterator[list[int]]:
    """Descriptors of one file for each content, at its beginning; closed at the end of the block."""
    with ExitStack() as stack:
        descriptors = []
        for content in contents:
            descriptor = os.memfd_create("matinee", os.MFD_CLOEXEC)
            stack.callback(os.close, descriptor)
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.lseek(descriptor, 0, os.SEEK_SET)
            descriptors.append(descriptor)
        yield descriptors


def read_whole(descriptor: int) -> bytes:
    """All that is in the file, wherever it was left."""
    content = bytearray()
    while data := os.pread(descriptor, _READ_BYTES, len(content)):
        content += data
    return bytes(content)
