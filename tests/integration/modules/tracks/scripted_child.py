"""A program that speaks the listeners' protocol and needs no model: it hears a word a second.

Arguments: a folder, the number of its socket. In the folder it notes what it was given; a file `stall` there makes it
wait from the request of that number on, `crash` kill itself, `refuse` refuse, `silence` hear nothing.
"""

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path


def main(folder: Path, descriptor: int) -> None:
    with socket.socket(fileno=descriptor) as connection, connection.makefile("rwb") as stream:
        for line in iter(stream.readline, b""):
            asked = json.loads(line)
            samples = stream.read(asked["bytes"])
            with (folder / "asked").open("a") as notes:
                notes.write(
                    json.dumps({"language": asked["language"], "bytes": len(samples), "pid": os.getpid()}) + "\n"
                )
            number = len((folder / "asked").read_text().splitlines())
            while (folder / "stall").exists() and number >= int((folder / "stall").read_text()):
                time.sleep(0.05)
            if (folder / "crash").exists():
                os.kill(os.getpid(), signal.SIGSEGV)
            answer: dict[str, object] = {
                "language": "en",
                "probability": 0.75 if asked["language"] is None else 1.0,
                "words": [],
            }
            if (folder / "refuse").exists():
                answer = {"refusal": "language_not_heard", "detail": "Not this one."}
            elif not (folder / "silence").exists():
                seconds = range(len(samples) // 32_000)
                answer["words"] = [[n * 1000 + 100, n * 1000 + 400, f" tick{n % 7}."] for n in seconds]
            stream.write(json.dumps(answer).encode() + b"\n")
            stream.flush()


main(Path(sys.argv[1]), int(sys.argv[2]))
