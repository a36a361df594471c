"""Plans as they are read back from storage, also those that earlier versions wrote."""

from __future__ import annotations

import msgspec

from .model import AudioRendition, Plan


class _OneSound(msgspec.Struct):
    """What a plan of version 1 says of its only sound."""

    audio: AudioRendition | None = None


_decode = msgspec.json.Decoder(Plan).decode
_decode_one_sound = msgspec.json.Decoder(_OneSound).decode


def decode_plan(text: str) -> Plan:
    """A plan as it was stored. Version 1 knew one sound, under a name of its own: it is the only one of the plan."""
    plan = _decode(text)
    if plan.version > 1:
        return plan
    sound = _decode_one_sound(text).audio
    if sound is None:
        return plan
    sound = msgspec.structs.replace(sound, stream=plan.source.audio_stream, coded_language=sound.language)
    return msgspec.structs.replace(plan, sounds=(sound,))
