"""What can be wrong with a video, as stable codes and sentences for the person who uploaded it."""

from __future__ import annotations

from typing import Literal

FaultCode = Literal[
    "not_a_video",
    "empty_file",
    "unsupported_codec",
    "source_truncated",
    "source_damaged",
    "too_many_pixels",
    "too_long",
    "too_short",
    "too_many_streams",
    "took_too_long",
    "clock_restarts",
]

SENTENCES: dict[FaultCode, str] = {
    "not_a_video": "The file is not a video or sound file in a format that is supported.",
    "empty_file": "The file is empty.",
    "unsupported_codec": "The file uses a codec that is not supported.",
    "source_truncated": "The file is cut off: its end is missing.",
    "source_damaged": "The file is damaged: parts of it cannot be decoded.",
    "too_many_pixels": "The picture is larger than this server accepts.",
    "too_long": "The video is longer than this server accepts.",
    "too_short": "The file holds no picture and no sound that last.",
    "too_many_streams": "The file has more streams than this server accepts.",
    "took_too_long": "The file took too long to read.",
    "clock_restarts": "Its clock begins anew on the way, as where recordings are joined byte by byte: "
    "join them with a video tool, and upload that.",
}


class MediaFault(Exception):
    """The source is at fault: trying again on the same bytes gives the same fault.

    `code` is stable and safe to store; `sentence` is for people; `evidence` is a bounded tail of what FFmpeg
    said, for logs only.
    """

    def __init__(self, code: FaultCode, detail: str = "", evidence: str = "") -> None:
        self.code: FaultCode = code
        self.sentence = f"{SENTENCES[code]} {detail}".rstrip()
        self.evidence = evidence
        super().__init__(f"{code}: {self.sentence}")


class EncoderFailed(Exception):
    """FFmpeg failed for a reason that need not be the source's: killed, out of memory, lost input.

    Worth another attempt. `evidence` is a bounded tail of what FFmpeg said.
    """

    def __init__(self, reason: str, evidence: str = "") -> None:
        self.reason = reason
        self.evidence = evidence
        super().__init__(f"{reason}: {evidence[-500:]}" if evidence else reason)
