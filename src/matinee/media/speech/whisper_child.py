"""The program that hears with faster-whisper; see `listener.py` for what it speaks. Run as a script, never imported.

It imports nothing of ours, so that its confinement needs to open nothing else.
Arguments: the model's folder, the SHA-256 of its weights (or `-`), how many threads, the number of the socket.
"""

import hashlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

SAMPLE_RATE = 16_000


class Refused(Exception):
    """What is asked cannot be done, however often."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)


def main(folder: str, expected: str, threads: int, descriptor: int) -> None:
    """Answers until the socket is closed."""
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as stream:
        model: Any = None
        while line := stream.readline():
            asked = json.loads(line)
            samples = stream.read(asked["bytes"])
            try:
                model = model or load(Path(folder), expected, threads)
                answer = hear(model, samples, asked["language"])
            except Refused as refused:
                answer = {"refusal": refused.args[0], "detail": refused.args[1]}
            stream.write(json.dumps(answer).encode() + b"\n")
            stream.flush()


def load(folder: Path, expected: str, threads: int) -> Any:
    """The model, if it is the one that was meant."""
    if expected != "-":
        with (folder / "model.bin").open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
        if found != expected:
            raise Refused("model_altered", f"The model's weights are not those that were expected: {found}.")
    os.environ["HF_HUB_OFFLINE"] = "1"  # before the import, which reads it
    from faster_whisper import WhisperModel

    try:
        return WhisperModel(
            str(folder), device="cpu", compute_type="int8", cpu_threads=threads, num_workers=1, local_files_only=True
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise Refused("model_unusable", f"The model cannot be loaded: {error}") from error


def hear(model: Any, samples: bytes, language: str | None) -> dict[str, Any]:
    """The words of some sound."""
    import numpy as np

    if language is not None and language not in model.supported_languages:
        raise Refused("language_not_heard", f"The model does not know the language {language!r}.")
    sound = np.frombuffer(samples, np.int16).astype(np.float32) / 32768.0
    segments, found = model.transcribe(
        sound,
        language=language,
        beam_size=5,
        word_timestamps=True,
        vad_filter=True,  # in silence and music the model makes words up
        condition_on_previous_text=False,  # or one mistake goes on through all that follows
    )
    words = [
        [round(word.start * 1000), round(word.end * 1000), word.word]
        for segment in segments
        for word in segment.words or ()
    ]
    return {"language": found.language, "probability": round(found.language_probability, 4), "words": words}


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
