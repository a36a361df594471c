"""Rate against VMAF, a panel a clip, as SVG."""

import math
from collections.abc import Sequence
from typing import Protocol

_WIDTH, _HEIGHT, _COLUMNS, _MARGIN = 300, 220, 3, 36
_COLOURS = {"usual": "#999", "title": "#c2410c"}


class _Point(Protocol):
    @property
    def bytes(self) -> int: ...
    @property
    def vmaf(self) -> float: ...


class _Curves(Protocol):
    @property
    def clip(self) -> str: ...
    @property
    def ratio(self) -> float: ...
    @property
    def usual(self) -> Sequence[_Point]: ...
    @property
    def title(self) -> Sequence[_Point]: ...


def plot(outcomes: Sequence[_Curves]) -> str:
    """The picture: grey is the usual ladder, colour that of the title; each dot is a rung."""
    rows = -(-len(outcomes) // _COLUMNS)
    width, height = _COLUMNS * _WIDTH, rows * _HEIGHT
    panels = "".join(
        f'<g transform="translate({place % _COLUMNS * _WIDTH},{place // _COLUMNS * _HEIGHT})">{_panel(outcome)}</g>'
        for place, outcome in enumerate(outcomes)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{panels}</svg>\n'
    )


def _panel(outcome: _Curves) -> str:
    everything = [*outcome.usual, *outcome.title]
    rates = [math.log2(point.bytes) for point in everything]
    low, high = min(rates), max(rates)
    least = min(point.vmaf for point in everything)

    def place(point: _Point) -> tuple[float, float]:
        across = (math.log2(point.bytes) - low) / (high - low) * (_WIDTH - 2 * _MARGIN)
        up = (point.vmaf - least) / (100 - least) * (_HEIGHT - 2 * _MARGIN)
        return _MARGIN + across, _HEIGHT - _MARGIN - up

    parts = [
        f'<text x="{_MARGIN}" y="18">{outcome.clip}: {outcome.ratio:.0%} of the bytes</text>',
        f'<text x="{_MARGIN}" y="{_HEIGHT - 14}" fill="#666">{2**low / 1000:.0f} to {2**high / 1000:.0f} kB</text>',
        f'<text x="4" y="{_MARGIN + 4}" fill="#666">100</text>'
        f'<text x="4" y="{_HEIGHT - _MARGIN}" fill="#666">{least:.0f}</text>',
        f'<path d="M{_MARGIN} {_MARGIN}V{_HEIGHT - _MARGIN}H{_WIDTH - _MARGIN}" fill="none" stroke="#ccc"/>',
    ]
    for name, points in (("usual", outcome.usual), ("title", outcome.title)):
        places = [place(point) for point in points]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{_COLOURS[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_COLOURS[name]}"/>' for x, y in places]
    return "".join(parts)
