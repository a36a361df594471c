"""How loud a sound is (EBU R128), by a few short windows of it, and the gain that brings it to the usual loudness.

A film is measured before its first cell is made, so measuring must not take longer the longer it is. What lies
between the windows is guessed by them: what that costs stands in docs/decisions/0010.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

import msgspec

from .audio_argv import HIGHEST_PEAK, LAYOUTS
from .encode import EncoderOptions, check_exit
from .excerpt import Place, excerpt
from .faults import EncoderFailed, MediaFault
from .ffmpeg import ProcessLimits, running
from .memory_files import PROTOCOL, as_input, memory_files
from .model import AudioRendition, Plan
from .plan import ENCODED_RATE, encoded_anew
from .sample_tables import BadTables, Read
from .sandbox import Confinement
from .source_access import MAX_ALLOC_BYTES, confinement, input_guards, input_name
from .video_argv import seconds

WINDOWS = 10
WINDOW_SECONDS = Fraction(3)
SHORTEST_WINDOW = Fraction(1)  # R128 looks at blocks of 0.4 s
READ_BYTES = 32 * 1024 * 1024  # of the source at most: heavy pictures make the windows shorter
WALL_SECONDS = 5.0  # then the film plays as loud as it came
MOST_GAIN = 12.0  # dB either way. More: what is measured as silence with a whisper in it would roar
NEAR_ENOUGH = 1.0  # LU from the target: nobody hears it, and a sound that can be copied is copied
SILENCE = -70.0  # LUFS; what R128 says where every block is below its gate

_GOLDEN = Fraction(618, 1000)
_SUMMARY = re.compile(r"\[ebur128@s(\d+) @ [^\]]*\] Summary:.*?I:\s+(\S+) LUFS.*?Peak:\s+(\S+) dBFS", re.DOTALL)


class Loudness(msgspec.Struct, frozen=True):
    """What the windows say together."""

    integrated: float
    """LUFS."""
    true_peak: float
    """dBTP."""


def windows(duration: Fraction, size: int | None = None, *, seekable: bool = True) -> list[Place]:
    """Where to listen, as (start, length) in seconds: once in each tenth; all of what is short.

    `size` is the number of bytes of the source. What cannot be entered is heard at its beginning.
    """
    length = WINDOW_SECONDS
    if size and duration > 0:
        length = min(length, max(SHORTEST_WINDOW, READ_BYTES * duration / size / WINDOWS))
    if duration <= WINDOWS * length:
        return [(Fraction(0), duration)]
    if not seekable:
        return [(Fraction(0), WINDOWS * length)]
    tenth = duration / WINDOWS
    return [(tenth * place + (tenth - length) * _within(place), length) for place in range(WINDOWS)]


def _within(place: int) -> Fraction:
    """Where in its tenth a window lies: never in step with what returns in the film, such as a chorus."""
    return (Fraction(1, 2) + place * _GOLDEN) % 1


async def measure(
    source: str,
    container: str,
    sounds: Sequence[AudioRendition],
    heard: Sequence[Place],
    *,
    options: EncoderOptions,
    read: Read,
    size: int,
) -> dict[str, Loudness]:
    """The loudness of these sounds of one file, by name; those that cannot be measured in time are left out.

    `read` gives bytes of the file, of which it has `size`.
    """
    if container == "mov":
        streams = sorted({sound.stream for sound in sounds if sound.stream is not None})
        try:
            part = await excerpt(read, size, streams, heard)
        except BadTables:
            pass
        else:
            with memory_files([part.content]) as (file,):
                argv = excerpt_argv(options.ffmpeg, file, streams, part.starts, sounds)
                return await _ask(argv, source, sounds, Confinement(options.ffmpeg), inherited=[file])
    argv = loudness_argv(options.ffmpeg, source, container, sounds, heard, max_pixels=options.max_pixels)
    return await _ask(argv, source, sounds, confinement(options.ffmpeg, source))


async def _ask(
    argv: list[str],
    source: str,
    sounds: Sequence[AudioRendition],
    confinement: Confinement,
    *,
    inherited: Sequence[int] = (),
) -> dict[str, Loudness]:
    limits = ProcessLimits(wall_seconds=WALL_SECONDS, cpu_seconds=int(WALL_SECONDS) * 4)
    async with running(
        lambda _: argv, outputs=0, confinement=confinement, limits=limits, inherited=inherited
    ) as process:
        try:
            await check_exit(process, source)
        except (MediaFault, EncoderFailed):  # whatever it is, the encoding meets it too, and tells
            return {}
        return read_summaries(process.stderr_tail, sounds)


def excerpt_argv(
    ffmpeg: str, file: int, streams: Sequence[int], starts: Sequence[Sequence[int]], sounds: Sequence[AudioRendition]
) -> list[str]:
    """The command that measures sounds in a file in memory, which holds these streams, cut together at `starts`."""
    entry = ["-protocol_whitelist", PROTOCOL, "-format_whitelist", "mov", "-f", "mov", *as_input(file)]
    origins = []
    for place in (streams.index(sound.stream) for sound in sounds if sound.stream is not None):
        # the first frame behind a cut is decoded with the help of one that is not its own, and clicks
        cuts = "+".join(f"eq(n,{start})" for start in starts[place])
        origins.append(f"[0:{place}]aselect='not({cuts})',")
    return _argv(ffmpeg, entry, [*zip(origins, sounds, strict=True)])


def loudness_argv(
    ffmpeg: str,
    source: str,
    container: str,
    sounds: Sequence[AudioRendition],
    heard: Sequence[Place],
    *,
    max_pixels: int,
) -> list[str]:
    """The command that measures all sounds in one process, and says so at its end. Each is mixed as it will be."""
    entries = [
        argument
        for start, length in heard
        for argument in (
            "-vn", "-sn", "-dn",  # other streams are not even decoded
            *input_guards(source, (container,), max_pixels),
            "-ss", seconds(start), "-t", seconds(length),
            "-i", input_name(source),
        )
    ]  # fmt: skip
    joined = f"concat=n={len(heard)}:v=0:a=1,"
    every = [
        ("".join(f"[{window}:{sound.stream}]" for window in range(len(heard))) + joined, sound) for sound in sounds
    ]
    return _argv(ffmpeg, entries, every)


def _argv(ffmpeg: str, entries: Sequence[str], sounds: Sequence[tuple[str, AudioRendition]]) -> list[str]:
    """`sounds`: where each comes from, as a filter graph begins."""
    chains = [
        f"{origin}aresample={ENCODED_RATE}:ochl={LAYOUTS[sound.channels]},"
        f"ebur128@s{place}=peak=true:framelog=quiet[o{place}]"
        for place, (origin, sound) in enumerate(sounds)
    ]
    return [
        ffmpeg, "-hide_banner", "-nostdin", "-nostats",
        "-v", "info",  # the summary is information
        "-max_alloc", str(MAX_ALLOC_BYTES),
        *entries,
        "-filter_complex", ";".join(chains),
        *(argument for place in range(len(sounds)) for argument in ("-map", f"[o{place}]")),
        "-f", "null", "-",
    ]  # fmt: skip


def read_summaries(said: str, sounds: Sequence[AudioRendition]) -> dict[str, Loudness]:
    """What the command said, by the sound's name."""
    found: dict[str, Loudness] = {}
    for place, integrated, peak in _SUMMARY.findall(said):
        values = Loudness(float(integrated), float(peak))
        if int(place) < len(sounds) and not math.isnan(values.integrated):
            found[sounds[int(place)].name] = values
    return found


def gain_for(measured: Loudness | None, target: float) -> float:
    """Decibels that bring a sound to the target: none where it is silent, near enough or cannot be made louder."""
    if measured is None or measured.integrated <= SILENCE:
        return 0.0
    gain = target - measured.integrated
    if gain > 0:
        gain = max(0.0, min(gain, HIGHEST_PEAK - measured.true_peak))
    gain = round(max(-MOST_GAIN, min(MOST_GAIN, gain)), 1)
    return gain if abs(gain) > NEAR_ENOUGH else 0.0


def with_gain(sound: AudioRendition, measured: Loudness | None, target: float) -> tuple[AudioRendition, str]:
    """The sound as it will be made, and a sentence that says why."""
    which = f"The sound {sound.name!r}"
    gain = gain_for(measured, target)
    if measured is None:
        return msgspec.structs.replace(
            sound, gain_db=0.0
        ), f"{which} could not be measured: it stays as loud as it is."
    if gain == 0:
        return msgspec.structs.replace(sound, gain_db=0.0), f"{which} stays as loud as it is ({_told(measured)})."
    made = encoded_anew(sound) if sound.passthrough else sound
    change = f"{abs(gain):.1f} dB {'louder' if gain > 0 else 'softer'}"
    reason = f"{which} is made {change}: it has {_told(measured)}, the aim is {target:g}."
    return msgspec.structs.replace(made, gain_db=gain), reason


def with_gains(plan: Plan, measured: Mapping[str, Loudness], target: float) -> Plan:
    """The plan with the gain of every sound of its own file that had none yet."""
    reasons = list(plan.reasons)
    sounds = []
    for sound in plan.sounds:
        if sound in unmeasured(plan):
            sound, reason = with_gain(sound, measured.get(sound.name), target)
            reasons.append(reason)
        sounds.append(sound)
    return msgspec.structs.replace(plan, sounds=tuple(sounds), reasons=tuple(reasons))


def unmeasured(plan: Plan) -> list[AudioRendition]:
    """The sounds of the video's own file whose gain is open."""
    return [sound for sound in plan.sounds if sound.gain_db is None and sound.file is None]


def _told(measured: Loudness) -> str:
    return f"{measured.integrated:.1f} LUFS and peaks of {measured.true_peak:.1f} dB"
