"""The figures as a picture (SVG): holds, prevented errors and real errors by cause. Pure; names nobody."""

from collections import Counter
from typing import Final
from xml.sax.saxutils import escape

from sallyport_gateway.drivers.authority_statistics import Figures
from sallyport_protocol.causes import CauseCode

_SERIES: Final = (
    ("holds", "Holds", "#1d70b8"),
    ("prevented_errors", "Prevented errors", "#00703c"),
    ("real_errors", "Real errors", "#d4351c"),
)
"""Field, caption and colour (GOV.UK palette: blue, green, red); the captions carry the meaning, not the colours."""

_LEFT, _WIDTH, _ROW, _BAR = 460, 360, 54, 14


def draw(rows: list[Figures], title: str) -> str:
    """One group of bars for each cause that occurs, most holds first; every bar says its number."""
    totals: dict[CauseCode, Counter[str]] = {}
    for row in rows:
        counts = totals.setdefault(row.cause, Counter())
        for field, _, _ in _SERIES:
            counts[field] += getattr(row, field)
    causes = sorted(totals, key=lambda cause: (-totals[cause]["holds"], cause))
    most = max([1, *(count for each in totals.values() for count in each.values())])
    height = 70 + _ROW * max(len(causes), 1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_LEFT + _WIDTH + 80}" height="{height}"'
        f' font-family="arial, sans-serif" font-size="14" role="img" aria-label="{escape(title)}">',
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="10" y="24" font-size="18">{escape(title)}</text>',
    ]
    for index, (_, caption, colour) in enumerate(_SERIES):
        x = 10 + index * 160
        parts.append(f'<rect x="{x}" y="36" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="47">{caption}</text>')
    if not causes:
        parts.append('<text x="10" y="90">Nothing in this time.</text>')
    for place, cause in enumerate(causes):
        top = 62 + place * _ROW
        parts.append(f'<text x="10" y="{top + 26}">{escape(cause.wording)}</text>')
        for index, (field, _, colour) in enumerate(_SERIES):
            count, y = totals[cause][field], top + index * (_BAR + 1)
            width = round(_WIDTH * count / most, 1)
            parts.append(f'<rect x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{_LEFT + width + 6}" y="{y + 12}">{count}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"
