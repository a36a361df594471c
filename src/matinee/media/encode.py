"""Make cells: of video, or of the whole sound track. What comes out depends on source and plan alone.

Every function here runs one FFmpeg at a time and leaves no process behind, however it is left. The generators give
cells as soon as they are whole; a caller that stops early closes them (`contextlib.aclosing`).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, aclosing, nullcontext
from fractions import Fraction

import msgspec

from . import hardware
from .aac import AdtsReader, AudioCellWriter, BadAudioStream
from .audio_argv import audio_argv
from .binaries import Binaries, find_binaries
from .boxes import BadFragment, CellSplitter, MisplacedFragment
from .brake import Brake, EasedBrake
from .cells import Cell
from .faults import EncoderFailed, MediaFault
from .ffmpeg import MIB, READ_BYTES, Process, ProcessLimits, ProcessTimedOut, running
from .memory_files import memory_files
from .model import AudioRendition, Plan, VideoRendition
from .probe import DEFAULT_LIMITS
from .source_access import confinement, input_was_lost
from .stopwatch import Stopwatch
from .video_argv import cells_argv, entry_points, runs

SOUND_ADDRESS_SPACE = 1024 * MIB
"""FFmpeg fills a gap in the sound with silence all at once: 1.4 GB for an hour. This is enough for half of one."""
SOUND_IN_HAND = 2  # cells behind the first: from then on a sound makes way for whoever waits
CELLS_IN_HAND = 4  # finished cells that wait for the caller; then FFmpeg waits too

_UNSUPPORTED = ("Decoder not found", "Unknown decoder", "no decoder found", "unsupported codec")
_DAMAGED = ("Invalid data found", "Error while decoding", "Conversion failed", "moov atom not found")
_OUT_OF_MEMORY = "Cannot allocate memory"
_GAP_NOT_FILLED = "Failed to compensate for timestamp delta"
_INPUT_LOST = "the source stopped answering"


class EncoderOptions(msgspec.Struct, frozen=True):
    """How FFmpeg is run. None of it changes a byte of what is made."""

    binaries: Binaries | None = None
    """None finds them in the wheels."""
    limits: ProcessLimits = ProcessLimits()
    max_pixels: int = DEFAULT_LIMITS.max_pixels
    device: str = hardware.VAAPI_DEVICE
    """The GPU of what is encoded by VA-API."""
    brake: Brake | EasedBrake | None = None
    """Holds the process while others are more urgent."""

    @property
    def ffmpeg(self) -> str:
        return (self.binaries or find_binaries()).ffmpeg

    def held_back(self, process: Process) -> AbstractContextManager[None]:
        """Puts a process under the brake, where there is one, for the length of the block."""
        return self.brake.over(process) if self.brake else nullcontext()


DEFAULT_OPTIONS = EncoderOptions()


async def encode_cells(
    source: str,
    plan: Plan,
    cells: range,
    renditions: Sequence[str] | None = None,
    *,
    mark: bytes | None = None,
    skip: Collection[tuple[str, int]] = (),
    expected_inits: Mapping[str, str] | None = None,
    options: EncoderOptions = DEFAULT_OPTIONS,
) -> AsyncGenerator[Cell, None]:
    """These cells, of the ladder or of the renditions named, as they are done; a rendition's in order.

    The bytes of a cell are the same wherever the cells begin and whichever renditions are made beside it.
    `mark` is the image of the plan's watermark, as `make_mark` gave it. `skip` names (rendition, index) of cells the
    caller has. `expected_inits` maps a rendition to the SHA-256 (hex) of its stored init segment.

    Raises MediaFault when the source is at fault, EncoderFailed when another attempt may succeed.
    """
    named = [rung for rung in plan.encodable if renditions is not None and rung.name in renditions]
    rungs = list(plan.video) if renditions is None else named
    if renditions is not None and len(rungs) != len(set(renditions)):
        raise KeyError(f"not all of {list(renditions)} are video renditions of the plan")
    for run in runs(plan, cells):
        wanted = range(max(run.start, cells.start), min(run.stop, cells.stop))
        missing = [rung for rung in rungs if any((rung.name, index) not in skip for index in wanted)]
        for together in _processes(missing):
            made_run = _make_run(source, plan, run, together, mark, expected_inits or {}, options)
            async with aclosing(made_run) as made:
                async for cell in made:
                    if cell.index in wanted and (cell.rendition, cell.index) not in skip:
                        yield cell


def _processes(rungs: Sequence[VideoRendition]) -> list[list[VideoRendition]]:
    """What is made by one process: the ladder together, each of its alternatives alone.

    Their encoders take several times x264's memory, and more than the decoding that would be saved.
    """
    ladder = [rung for rung in rungs if rung.codec == "h264"]
    return [*([ladder] if ladder else []), *([rung] for rung in rungs if rung.codec != "h264")]


async def _make_run(
    source: str,
    plan: Plan,
    run: range,
    rungs: Sequence[VideoRendition],
    mark: bytes | None,
    expected_inits: Mapping[str, str],
    options: EncoderOptions,
) -> AsyncGenerator[Cell, None]:
    """What one process makes; it enters the source as late as turns out to be possible.

    Where even its beginning is too late, the end of the picture is damaged: then its last one stays on.
    """
    attempts = [*((entry, False) for entry in entry_points(plan, run.start)), (None, True)]
    given: set[tuple[str, int]] = set()
    for number, (entry, hold) in enumerate(attempts, start=1):
        try:
            made = _attempt_run(source, plan, run, rungs, mark, entry, expected_inits, options, hold=hold)
            async with aclosing(made) as cells:
                async for cell in cells:
                    if (cell.rendition, cell.index) not in given:
                        given.add((cell.rendition, cell.index))
                        yield cell
        except MisplacedFragment as error:
            if number == len(attempts):
                raise MediaFault("source_damaged", "Pictures are missing.", str(error)) from error
        else:
            return


async def encode_audio(
    source: str, plan: Plan, sound: AudioRendition, *, first: int = 0, options: EncoderOptions = DEFAULT_OPTIONS
) -> AsyncGenerator[Cell, None]:
    """The cells of a sound from index `first` on, in order; `source` is the file that the sound comes from.

    It is always made from its start, so that a cell's bytes do not depend on `first`. The brake of `options` holds it
    only when there is some in hand.
    Raises as `encode_cells` does.
    """
    reader, writer = AdtsReader(), AudioCellWriter(plan, sound)

    def argv(outputs: Sequence[str]) -> list[str]:
        return audio_argv(options.ffmpeg, source, plan, sound, outputs[0], max_pixels=options.max_pixels)

    limits = msgspec.structs.replace(
        options.limits, address_space=min(options.limits.address_space, SOUND_ADDRESS_SPACE)
    )
    async with (
        running(argv, outputs=1, confinement=confinement(options.ffmpeg, source), limits=limits) as process,
        AsyncExitStack() as held,
    ):
        try:
            while not writer.complete and (data := await process.outputs[0].read(READ_BYTES)):
                for frame in reader.feed(data):
                    cell = writer.take(frame)
                    if cell is not None and cell.index >= first:
                        _ensure_input(process, source)
                        _ensure_in_time(process)
                        yield cell
                        if cell.index == first + SOUND_IN_HAND:
                            held.enter_context(options.held_back(process))
        except BadAudioStream as error:
            raise EncoderFailed(str(error), process.stderr_tail) from error
        if not writer.complete:
            await check_exit(process, source)
            _ensure_in_time(process)
            raise MediaFault("source_damaged", "Sound is missing.", process.stderr_tail)


def _ensure_in_time(process: Process) -> None:
    """Raise MediaFault where FFmpeg could not fill a gap: what follows would be heard too early."""
    if _GAP_NOT_FILLED in process.stderr_tail:
        raise MediaFault("source_damaged", "Its sound has a gap of more than half an hour.", process.stderr_tail)


async def _attempt_run(
    source: str,
    plan: Plan,
    run: range,
    rungs: Sequence[VideoRendition],
    mark: bytes | None,
    entry: Fraction | None,
    expected_inits: Mapping[str, str],
    options: EncoderOptions,
    *,
    hold: bool,
) -> AsyncGenerator[Cell, None]:
    """One attempt, from one entry point."""
    with memory_files([] if mark is None else [mark]) as images:

        def argv(outputs: Sequence[str]) -> list[str]:
            return cells_argv(
                options.ffmpeg,
                source,
                plan,
                run,
                rungs,
                outputs,
                entry=entry,
                hold=hold,
                mark=images[0] if images else None,
                max_pixels=options.max_pixels,
                device=options.device,
            )

        async with aclosing(_run(argv, source, plan, run, rungs, images, expected_inits, options)) as cells:
            async for cell in cells:
                yield cell


async def _run(
    argv: Callable[[Sequence[str]], list[str]],
    source: str,
    plan: Plan,
    run: range,
    rungs: Sequence[VideoRendition],
    images: Sequence[int],
    expected_inits: Mapping[str, str],
    options: EncoderOptions,
) -> AsyncGenerator[Cell, None]:
    """The cells that a command writes, one pipe a rung; it inherits the descriptors of `images`."""
    splitters = [CellSplitter(rung.name, plan.grid, run, expected_inits.get(rung.name)) for rung in rungs]
    allowed = hardware.confined(confinement(options.ffmpeg, source), rungs, options.device)
    limits = hardware.limited(options.limits, rungs)
    async with running(argv, outputs=len(rungs), confinement=allowed, limits=limits, inherited=images) as process:
        done: asyncio.Queue[Cell | None] = asyncio.Queue(CELLS_IN_HAND)
        pixels = sum(rung.width * rung.height for rung in rungs)
        stopwatches = [
            Stopwatch(lambda: process.held_seconds, share=rung.width * rung.height / pixels) for rung in rungs
        ]
        reading = asyncio.create_task(_read_all(process, source, splitters, stopwatches, done))
        with options.held_back(process):
            try:
                while (cell := await done.get()) is not None:
                    _ensure_input(process, source)
                    yield cell
                await reading
            finally:
                reading.cancel()
                while not reading.done():  # its last word needs room, and room that is made may be taken by a cell
                    _empty(done)
                    await asyncio.sleep(0)


def _ensure_input(process: Process, source: str) -> None:
    """Raise EncoderFailed where the source stopped answering: what FFmpeg writes then, it has made up."""
    if input_was_lost(source, process.stderr_tail):
        raise EncoderFailed(_INPUT_LOST, process.stderr_tail)


def _empty(queue: asyncio.Queue[Cell | None]) -> None:
    while not queue.empty():
        queue.get_nowait()


async def _read_all(
    process: Process,
    source: str,
    splitters: Sequence[CellSplitter],
    stopwatches: Sequence[Stopwatch],
    done: asyncio.Queue[Cell | None],
) -> None:
    """Read every pipe at once until the process ends, then say so with None, whatever happened."""
    try:
        async with asyncio.TaskGroup() as pumps:
            for stream, splitter, stopwatch in zip(process.outputs, splitters, stopwatches, strict=True):
                pumps.create_task(_pump(stream, splitter, stopwatch, done))
        await check_exit(process, source)
        for splitter in splitters:
            splitter.close()
    except* MisplacedFragment as errors:
        if input_was_lost(source, process.stderr_tail):
            raise EncoderFailed(_INPUT_LOST, process.stderr_tail) from None
        raise _first(errors) from None
    except* BadFragment as errors:
        raise EncoderFailed(str(_first(errors)), process.stderr_tail) from None
    finally:
        await done.put(None)


def _first(errors: BaseExceptionGroup[BadFragment]) -> BadFragment:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, BadFragment)
    return error


async def _pump(
    stream: asyncio.StreamReader, splitter: CellSplitter, stopwatch: Stopwatch, done: asyncio.Queue[Cell | None]
) -> None:
    while data := await stream.read(READ_BYTES):
        for cell in splitter.feed(data):
            await done.put(msgspec.structs.replace(cell, effort=stopwatch.read()))
            stopwatch.start()  # when there was room for it: waiting for whoever stores cells is not encoding


async def check_exit(process: Process, source: str) -> None:
    """Wait for the end, and tell a bad source from bad luck."""
    try:
        code = await process.wait()
    except ProcessTimedOut as error:
        raise EncoderFailed("FFmpeg took too long", process.stderr_tail) from error
    said = process.stderr_tail
    if input_was_lost(source, said):  # also with code 0: FFmpeg takes a lost input for its end
        raise EncoderFailed(_INPUT_LOST, said)
    if code == 0:
        return
    if code > 0 and _OUT_OF_MEMORY not in said:
        if any(sign.lower() in said.lower() for sign in _UNSUPPORTED):
            raise MediaFault("unsupported_codec", evidence=said)
        if any(sign in said for sign in _DAMAGED):
            raise MediaFault("source_damaged", evidence=said)
    raise EncoderFailed(f"FFmpeg ended with code {code}", said)
