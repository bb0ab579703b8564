"""The chart: a bar a contender, as an SVG that can be read on any background, for it brings its own."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

__all__ = ["bars"]

_WIDTH = 760
_LEFT = 190
_LONGEST = 490
_TOP = 76
_STEP = 34

_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
  role="img" aria-labelledby="title desc"
  font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="14">
<title id="title">{title}</title>
<desc id="desc">{described}</desc>
<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="8" fill="#ffffff" stroke="#d0d7de"/>
<text x="20" y="32" font-size="16" font-weight="600" fill="#1f2328">{title}</text>
<text x="20" y="54" font-size="12" fill="#59636e">{subtitle}</text>
{bars}
</svg>
"""
_BAR = """\
<g font-weight="{weight}" fill="#1f2328">
<text x="{label_end}" y="{baseline}" text-anchor="end">{label}</text>
<rect x="{left}" y="{top}" width="{length:.1f}" height="20" rx="3" fill="{colour}"/>
<text x="{value_start:.1f}" y="{baseline}">{value:.2f}</text>
</g>"""


def bars(title: str, subtitle: str, values: Mapping[str, float], *, highlighted: str) -> str:
    """Return an SVG with horizontal bars.

    Args:
        title: The first line.
        subtitle: The second line, in small print.
        values: The length of each bar, by its label, in the order in which they are drawn.
        highlighted: The label that stands out.
    """
    height = _TOP + _STEP * len(values) + 8
    scale = _LONGEST / max(values.values())
    drawn = [
        _bar(label, value, value * scale, _TOP + _STEP * number, label == highlighted)
        for number, (label, value) in enumerate(values.items())
    ]
    return _FRAME.format(
        width=_WIDTH,
        height=height,
        inner_width=_WIDTH - 1,
        inner_height=height - 1,
        title=escape(title),
        subtitle=escape(subtitle),
        described=escape("; ".join(f"{label} {value:.2f}" for label, value in values.items())),
        bars="\n".join(drawn),
    )


def _bar(label: str, value: float, length: float, top: int, is_highlighted: bool) -> str:
    return _BAR.format(
        label=escape(label),
        value=value,
        length=length,
        top=top,
        left=_LEFT,
        label_end=_LEFT - 12,
        value_start=_LEFT + length + 8,
        baseline=top + 15,
        weight=600 if is_highlighted else 400,
        colour="#0969da" if is_highlighted else "#afb8c1",
    )
