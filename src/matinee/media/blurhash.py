"""BlurHash: a picture in some thirty characters, blurred beyond recognition but of the right colours in place.

The format is that of https://blurha.sh, so clients find a decoder for every platform. Pure.
"""

from __future__ import annotations

import math

SIDE = 32
"""Pixels of each side of the picture that is described; more would not show."""

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"
_LONG_SIDE, _SHORT_SIDE = 4, 3  # waves; more are larger and no prettier

_Colour = tuple[float, float, float]


def blurhash(pixels: bytes, *, portrait: bool = False) -> str:
    """The hash of `SIDE` × `SIDE` pixels of RGB, 8 bits each; more detail along the picture's longer side."""
    if len(pixels) != 3 * SIDE * SIDE:
        raise ValueError(f"{SIDE} × {SIDE} pixels are {3 * SIDE * SIDE} bytes, not {len(pixels)}")
    columns, rows = (_SHORT_SIDE, _LONG_SIDE) if portrait else (_LONG_SIDE, _SHORT_SIDE)
    light = [_LINEAR[value] for value in pixels]
    average, *waves = [_wave(light, x, y) for y in range(rows) for x in range(columns)]
    strongest = max(abs(value) for wave in waves for value in wave)
    step = max(0, min(82, math.floor(strongest * 166 - 0.5)))
    scale = (step + 1) / 166
    return "".join(
        (
            _base83((columns - 1) + (rows - 1) * 9, 1),
            _base83(step, 1),
            _base83(_packed(average), 4),
            *(_base83(_quantised(wave, scale), 2) for wave in waves),
        )
    )


def _wave(light: list[float], x: int, y: int) -> _Colour:
    """How much of one two-dimensional cosine wave is in each colour of the picture."""
    across = [math.cos(math.pi * x * column / SIDE) for column in range(SIDE)]
    red = green = blue = 0.0
    for row in range(SIDE):
        down = math.cos(math.pi * y * row / SIDE)
        for column in range(SIDE):
            weight = across[column] * down
            at = 3 * (row * SIDE + column)
            red += weight * light[at]
            green += weight * light[at + 1]
            blue += weight * light[at + 2]
    norm = (1 if x == y == 0 else 2) / (SIDE * SIDE)
    return red * norm, green * norm, blue * norm


def _packed(colour: _Colour) -> int:
    red, green, blue = (_srgb(value) for value in colour)
    return red << 16 | green << 8 | blue


def _quantised(wave: _Colour, scale: float) -> int:
    red, green, blue = (_signed_root(value / scale) for value in wave)
    return (red * 19 + green) * 19 + blue


def _signed_root(value: float) -> int:
    root = math.copysign(math.sqrt(abs(value)), value)
    return max(0, min(18, math.floor(root * 9 + 9.5)))


def _srgb(linear: float) -> int:
    value = max(0.0, min(1.0, linear))
    curved = value * 12.92 if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return int(curved * 255 + 0.5)


def _to_linear(value: int) -> float:
    share = value / 255
    return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)


_LINEAR = [_to_linear(value) for value in range(256)]


def _base83(value: int, length: int) -> str:
    return "".join(_DIGITS[value // 83 ** (length - place) % 83] for place in range(1, length + 1))
