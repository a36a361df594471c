"""Cells of the sound as the samples that a model hears: 16 kHz, one channel, 16 bits."""

from __future__ import annotations

from collections.abc import Sequence

from ..encode import DEFAULT_OPTIONS, EncoderOptions, check_exit
from ..ffmpeg import READ_BYTES, running
from ..memory_files import PROTOCOL, as_input, memory_files
from ..sandbox import Confinement
from ..source_access import MAX_ALLOC_BYTES

SAMPLE_RATE = 16_000
SAMPLE_BYTES = 2


def samples_argv(ffmpeg: str, source: int, output: str) -> list[str]:
    """Writes the samples of a file in memory, an init segment and the cells behind it."""
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
        "-max_alloc", str(MAX_ALLOC_BYTES),
        "-protocol_whitelist", f"{PROTOCOL},pipe", "-format_whitelist", "mov", "-f", "mov", *as_input(source),
        "-map", "0:a:0",
        "-ac", "1", "-ar", str(SAMPLE_RATE),
        "-f", "s16le", output,
    ]  # fmt: skip


async def decode_cells(init: bytes, cells: Sequence[bytes], *, options: EncoderOptions = DEFAULT_OPTIONS) -> bytes:
    """The samples; the first is heard when the first cell begins. Raises as `encode_cells` does."""
    with memory_files([b"".join((init, *cells))]) as (source,):
        async with running(
            lambda outputs: samples_argv(options.ffmpeg, source, outputs[0]),
            outputs=1,
            confinement=Confinement(options.ffmpeg),
            limits=options.limits,
            inherited=[source],
        ) as process:
            samples = bytearray()
            while block := await process.outputs[0].read(READ_BYTES):
                samples += block
            await check_exit(process, "")
    return bytes(samples)
