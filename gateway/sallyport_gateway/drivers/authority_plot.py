"""The figures as a picture (SVG): holds, prevented and real errors, over-detentions; by cause, month and prison.

Pure; names nobody. Every bar says its number, so that the picture reads without colours.
"""

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import Final
from xml.sax.saxutils import escape

from sallyport_gateway.drivers.authority_statistics import Figures

_SERIES: Final = (
    ("holds", "Holds", "#1d70b8"),
    ("prevented_errors", "Errors prevented", "#00703c"),
    ("real_errors", "Released in error", "#d4351c"),
    ("over_detentions", "Held too long", "#6f72af"),
)
"""Field, caption and colour (GOV.UK palette)."""

_WIDTH, _LEFT, _BARS = 960, 420, 440
_BAR, _GAP = 15, 12
_MOST_PRISONS: Final = 12
"""Prisons drawn one by one; the others are drawn together. The table has all."""


def draw(rows: list[Figures], title: str) -> str:
    """Three groups of bars. `title` says which time they are of."""
    panels = (
        ("By cause", _grouped(rows, lambda row: row.cause.wording)),
        ("By month", _grouped(rows, lambda row: row.month, by_name=True)),
        ("By prison", _few(_grouped(rows, lambda row: row.prison))),
    )
    parts, y = [*_legend()], 96
    for heading, groups in panels:
        drawn, y = _panel(heading, groups, y)
        parts += drawn
    if not rows:
        parts.append(f'<text x="20" y="{y}" font-size="16">Nothing in this time.</text>')
        y += 24
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 16}" width="{_WIDTH}" height="{y + 16}"'
        f' font-family="arial, sans-serif" font-size="14" fill="#0b0c0c" role="img" aria-label="{_quoted(title)}">'
        f'<title>{escape(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="20" y="36" font-size="22" font-weight="bold">{escape(title)}</text>'
    )
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    parts = []
    for place, (_, caption, colour) in enumerate(_SERIES):
        x = 20 + place * 180
        parts.append(f'<rect x="{x}" y="54" width="14" height="14" fill="{colour}"/>')
        parts.append(f'<text x="{x + 20}" y="66">{caption}</text>')
    return parts


def _grouped(
    rows: list[Figures], key: Callable[[Figures], str], *, by_name: bool = False
) -> list[tuple[str, Counter[str]]]:
    """Sums by a key: in the order of its names, else the most first."""
    totals: dict[str, Counter[str]] = {}
    for row in rows:
        counts = totals.setdefault(key(row), Counter())
        for field, _, _ in _SERIES:
            counts[field] += getattr(row, field)
    if by_name:
        return [(_month(name), totals[name]) for name in sorted(totals)]
    return sorted(totals.items(), key=lambda each: (-each[1]["holds"], -each[1]["real_errors"], each[0]))


def _few(groups: list[tuple[str, Counter[str]]]) -> list[tuple[str, Counter[str]]]:
    """The prisons with most; the rest as one."""
    if len(groups) <= _MOST_PRISONS:
        return groups
    rest: Counter[str] = sum((counts for _, counts in groups[_MOST_PRISONS:]), Counter())
    return [*groups[:_MOST_PRISONS], (f"{len(groups) - _MOST_PRISONS} other prisons", rest)]


def _panel(heading: str, groups: list[tuple[str, Counter[str]]], y: int) -> tuple[list[str], int]:
    """One group of bars below `y`, and where the next may begin. A count of nothing takes no room."""
    if not groups:
        return [], y
    most = max([1, *(count for _, counts in groups for count in counts.values())])
    parts = [f'<text x="20" y="{y + 18}" font-size="17" font-weight="bold">{heading}</text>']
    y += 34
    for name, counts in (each for each in groups if any(each[1].values())):
        shown = [(counts[field], words, colour) for field, words, colour in _SERIES if counts[field]]
        height = len(shown) * _BAR
        parts.append(f'<text x="{_LEFT - 12}" y="{y + height / 2 + 5:.0f}" text-anchor="end">{escape(name)}</text>')
        for place, (count, words, colour) in enumerate(shown):
            top, width = y + place * _BAR, round(_BARS * count / most, 1)
            said = f"{count:,}" if words == _SERIES[0][1] else f"{count:,} {words.lower()}"
            parts.append(f'<rect x="{_LEFT}" y="{top}" width="{width}" height="{_BAR - 2}" fill="{colour}"/>')
            parts.append(f'<text x="{_LEFT + width + 6}" y="{top + 11}" font-size="13">{said}</text>')
        y += height + _GAP
    return parts, y + 10


def _month(name: str) -> str:
    return f"{date.fromisoformat(f'{name}-01'):%B %Y}"


def _quoted(title: str) -> str:
    return escape(title, {'"': "&quot;"})
