"""Levels of HEVC and AV1, and what CODECS says of a rendition (RFC 6381): derived, never asked of an encoder."""

from __future__ import annotations

from typing import NamedTuple

from .model import Rate


class _Level(NamedTuple):
    name: str
    picture: int
    """Luma samples of the largest picture."""
    widest: int
    highest: int
    rate: int
    """Luma samples a second."""
    kilobits: int
    """Bits a second in the Main tier, in thousands."""


def _hevc(name: str, picture: int, rate: int, kilobits: int) -> _Level:
    side = int((8 * picture) ** 0.5)
    return _Level(name, picture, side, side, rate, kilobits)


# ITU-T H.265, tables A.8 and A.9.
_HEVC_LEVELS = (
    _hevc("1.0", 36_864, 552_960, 128),
    _hevc("2.0", 122_880, 3_686_400, 1_500),
    _hevc("2.1", 245_760, 7_372_800, 3_000),
    _hevc("3.0", 552_960, 16_588_800, 6_000),
    _hevc("3.1", 983_040, 33_177_600, 10_000),
    _hevc("4.0", 2_228_224, 66_846_720, 12_000),
    _hevc("4.1", 2_228_224, 133_693_440, 20_000),
    _hevc("5.0", 8_912_896, 267_386_880, 25_000),
    _hevc("5.1", 8_912_896, 534_773_760, 40_000),
    _hevc("5.2", 8_912_896, 1_069_547_520, 60_000),
    _hevc("6.0", 35_651_584, 1_069_547_520, 60_000),
    _hevc("6.1", 35_651_584, 2_139_095_040, 120_000),
    _hevc("6.2", 35_651_584, 4_278_190_080, 240_000),
)

# AV1 bitstream specification, annex A.3.
_AV1_LEVELS = (
    _Level("2.0", 147_456, 2_048, 1_152, 4_423_680, 1_500),
    _Level("2.1", 278_784, 2_816, 1_584, 8_363_520, 3_000),
    _Level("3.0", 665_856, 4_352, 2_448, 19_975_680, 6_000),
    _Level("3.1", 1_065_024, 5_504, 3_096, 31_950_720, 10_000),
    _Level("4.0", 2_359_296, 6_144, 3_456, 70_778_880, 12_000),
    _Level("4.1", 2_359_296, 6_144, 3_456, 141_557_760, 20_000),
    _Level("5.0", 8_912_896, 8_192, 4_352, 267_386_880, 30_000),
    _Level("5.1", 8_912_896, 8_192, 4_352, 534_773_760, 40_000),
    _Level("5.2", 8_912_896, 8_192, 4_352, 1_069_547_520, 60_000),
    _Level("6.0", 35_651_584, 16_384, 8_704, 1_069_547_520, 60_000),
    _Level("6.1", 35_651_584, 16_384, 8_704, 2_139_095_040, 100_000),
    _Level("6.2", 35_651_584, 16_384, 8_704, 4_278_190_080, 160_000),
)


def hevc_level(width: int, height: int, rate: Rate, bits: int) -> str:
    """The lowest HEVC level, Main tier, that allows the picture, its rate and so many bits a second."""
    # an encoder codes whole blocks of 8 × 8, and the level limits what it codes
    return _lowest(_HEVC_LEVELS, -(-width // 8) * 8, -(-height // 8) * 8, rate, bits)


def av1_level(width: int, height: int, rate: Rate, bits: int) -> str:
    """The lowest AV1 level, Main tier, that allows the picture, its rate and so many bits a second."""
    return _lowest(_AV1_LEVELS, width, height, rate, bits)


def hevc_codecs(level: str, bit_depth: int) -> str:
    """Such as `hvc1.1.6.L93.90`: Main or Main 10, Main tier, progressive frames only (ISO/IEC 14496-15, annex E)."""
    profile, compatible = (1, 6) if bit_depth == 8 else (2, 4)
    return f"hvc1.{profile}.{compatible}.L{round(float(level) * 30)}.90"


def av1_codecs(level: str, bit_depth: int, colour: str = "") -> str:
    """Such as `av01.0.08M.08`: Main profile, Main tier (AV1 in ISO media files, section 5).

    `colour` is what follows where it is not BT.709 in limited range.
    """
    major, minor = (int(part) for part in level.split("."))
    return f"av01.0.{(major - 2) * 4 + minor:02}M.{bit_depth:02}{colour}"


def _lowest(levels: tuple[_Level, ...], width: int, height: int, rate: Rate, bits: int) -> str:
    for level in levels:
        if (
            width * height <= level.picture
            and width <= level.widest
            and height <= level.highest
            and width * height * rate.fraction <= level.rate
            and bits <= level.kilobits * 1000
        ):
            return level.name
    return levels[-1].name
