"""Encoders of GPUs: what their processes may touch, and whether one works on this machine.

A rendition says which encoder makes it, and that is part of the recipe: what two encoders make of a cell differs, and
what two drivers of one may differ. So a worker that cannot encode with the one that it was told to does not start.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from .binaries import Binaries, find_binaries
from .encoder_argv import encoder_argv
from .ffmpeg import MIB, READ_BYTES, ProcessLimits, ProcessTimedOut, running
from .model import H264Encoder, VideoRendition
from .sandbox import Confinement
from .video_argv import device_argv, upload

VAAPI_DEVICE = "/dev/dri/renderD128"
_DRIVER_READS = ("/sys/dev/char", "/sys/devices", "/proc/driver/nvidia", "/usr/share/drirc.d", "/usr/share/libdrm")
_CUDA_ADDRESS_SPACE = 1 << 46  # it reserves as much as all GPUs and the machine have, many times over

_TRIED = VideoRendition(
    "tried", 320, 240, 23, 400_000, 400_000, "high", "2.1", "avc1.640015"
)  # no chip refuses one so small
_TRIED_FRAMES = 12
_TRY_SECONDS = 30.0


_ADDRESS = re.compile(r" @ 0x[0-9a-f]+")


class EncoderUnavailable(Exception):
    """This machine cannot encode with the encoder that was asked for; its text says what to do instead."""


def confined(confinement: Confinement, renditions: Sequence[VideoRendition], device: str) -> Confinement:
    """The same confinement, with what the encoders of these renditions need."""
    encoders = {rendition.encoder for rendition in renditions}
    devices = [device] if "h264_vaapi" in encoders else []
    if "h264_nvenc" in encoders:
        devices += [str(path) for path in Path("/dev").glob("nvidia*")]
    if not devices:
        return confinement
    return msgspec.structs.replace(confinement, devices=tuple(devices), read=(*confinement.read, *_DRIVER_READS))


def limited(limits: ProcessLimits, renditions: Sequence[VideoRendition]) -> ProcessLimits:
    """The same limits, as far as the encoders of these renditions can live with them."""
    if all(rendition.encoder != "h264_nvenc" for rendition in renditions):
        return limits
    return msgspec.structs.replace(limits, address_space=_CUDA_ADDRESS_SPACE)


async def ensure_encoder(encoder: H264Encoder, device: str = VAAPI_DEVICE, binaries: Binaries | None = None) -> None:
    """Encodes a few pictures as cells are encoded; raises EncoderUnavailable where that fails."""
    if encoder == "libx264":
        return
    rung = msgspec.structs.replace(_TRIED, encoder=encoder)
    ffmpeg = (binaries or find_binaries()).ffmpeg

    def argv(outputs: Sequence[str]) -> list[str]:
        return [
            ffmpeg, "-hide_banner", "-nostdin", "-v", "error",
            *device_argv([rung], device),
            "-f", "lavfi", "-i", f"testsrc2=size={rung.width}x{rung.height}:rate=30",
            "-vf", f"format=yuv420p{upload(rung)}",
            "-frames:v", str(_TRIED_FRAMES),
            *encoder_argv(rung), "-maxrate", str(rung.max_bit_rate), "-bufsize", str(rung.buffer_bits),
            "-f", "h264", outputs[0],
        ]  # fmt: skip

    limits = limited(ProcessLimits(wall_seconds=_TRY_SECONDS, address_space=4096 * MIB), [rung])
    confinement = confined(Confinement(ffmpeg), [rung], device)
    async with running(argv, outputs=1, confinement=confinement, limits=limits) as process:
        made = 0
        while data := await process.outputs[0].read(READ_BYTES):
            made += len(data)
        try:
            code = await process.wait()
        except ProcessTimedOut as error:
            raise EncoderUnavailable(
                _sentence(encoder, device, f"FFmpeg did not end within {_TRY_SECONDS:g} s")
            ) from error
    if code != 0 or made == 0:
        raise EncoderUnavailable(
            _sentence(encoder, device, _reason(process.stderr_tail) or f"FFmpeg ended with code {code}")
        )


def _reason(said: str) -> str:
    """The first line, which names the cause; what follows are its consequences."""
    return _ADDRESS.sub("", said.partition("\n")[0]).strip().rstrip(".")


def _sentence(encoder: H264Encoder, device: str, why: str) -> str:
    remedy = {
        "h264_vaapi": "Give it a GPU that encodes H.264 by VA-API (to a container: --device /dev/dri), name another "
        "one by MATINEE_VAAPI_DEVICE",
        "h264_nvenc": "Give it an NVIDIA GPU with its driver (to a container: --gpus all)",
    }[encoder]
    where = f" on {device}" if encoder == "h264_vaapi" else ""
    return (
        f"MATINEE_H264_ENCODER is {encoder}, and this machine cannot encode with it{where}: {why}. {remedy}, or set "
        "MATINEE_H264_ENCODER=libx264, which needs none."
    )
