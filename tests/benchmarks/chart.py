"""A bar chart as an SVG. It takes the colours of the page that it is part of, or follows the reader's dark mode."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

__all__ = ["bars"]

_WIDTH = 420
_LONGEST = 340
_TOP = 62
_STEP = 42

# The variables are those of the documentation's theme. An image in a README has none, and follows the system.
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" class="chart" width="{width}" height="{height}" viewBox="0 0 {width} {height}"
  role="img" aria-labelledby="{name}-title {name}-description"
  font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="14">
<title id="{name}-title">{title}</title>
<desc id="{name}-description">{description}</desc>
<style>
.chart {{ --text: #1f2328; --muted: #59636e; --bar: #afb8c1; --accent: #0969da }}
@media (prefers-color-scheme: dark) {{
.chart {{ --text: #d1d7e0; --muted: #9198a1; --bar: #656c76; --accent: #4493f8 }}
}}
.chart .text {{ fill: var(--color-foreground-primary, var(--text)) }}
.chart .muted {{ fill: var(--color-foreground-secondary, var(--muted)) }}
.chart .bar {{ fill: var(--color-foreground-border, var(--bar)) }}
.chart .accent {{ fill: var(--color-brand-primary, var(--accent)) }}
</style>
<text x="0" y="18" font-size="16" font-weight="600" class="text">{title}</text>
<text x="0" y="40" font-size="12" class="muted">{subtitle}</text>
{bars}
</svg>
"""
_BAR = """\
<text x="0" y="{baseline}" font-weight="{weight}" class="text">{label}</text>
<text x="{width}" y="{baseline}" text-anchor="end" font-size="12" class="muted">{note}</text>
<rect x="0" y="{top}" width="{length:.1f}" height="14" rx="2" class="{style}"/>
<text x="{value_start:.1f}" y="{value_baseline}" font-weight="{weight}" class="text">{value}</text>"""


def bars(
    name: str,
    title: str,
    subtitle: str,
    values: Mapping[str, float],
    *,
    highlighted: str,
    value_format: str = "{:.2f}",
    notes: Mapping[str, str] | None = None,
) -> str:
    """Return an SVG with horizontal bars, readable at 390 pixels.

    Args:
        name: Distinguishes the ids of charts on one page.
        title: The first line.
        subtitle: The second line, in small print.
        values: The length of each bar, by its label, in the order in which they are drawn.
        highlighted: The label that stands out.
        value_format: How a value is written.
        notes: Other figures, in small print, by label.
    """
    scale = _LONGEST / max(values.values())
    drawn = [
        _BAR.format(
            width=_WIDTH,
            label=escape(label),
            note=escape((notes or {}).get(label, "")),
            value=escape(value_format.format(value)),
            length=value * scale,
            value_start=value * scale + 6,
            baseline=_TOP + _STEP * number + 12,
            top=_TOP + _STEP * number + 18,
            value_baseline=_TOP + _STEP * number + 30,
            weight=600 if label == highlighted else 400,
            style="accent" if label == highlighted else "bar",
        )
        for number, (label, value) in enumerate(values.items())
    ]
    return _FRAME.format(
        name=name,
        width=_WIDTH,
        height=_TOP + _STEP * len(values),
        title=escape(title),
        subtitle=escape(subtitle),
        description=escape("; ".join(f"{label} {value_format.format(value)}" for label, value in values.items())),
        bars="\n".join(drawn),
    )
