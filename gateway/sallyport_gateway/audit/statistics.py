"""Decisions counted by month, prison, verdict and cause: prevented errors and holds, as CSV and as a picture. Pure."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from html import escape
from typing import Final, NamedTuple

from sallyport_gateway.audit.log import Entry
from sallyport_gateway.authority.calendar import from_millis, london
from sallyport_protocol.causes import CauseCode

COUNTED: Final = {
    "DECISION": "verdict",
    "CONFIRM_REFUSED": "",
    "GRANT_REFUSED": "",
    "KEY_REFUSED": "",
    "KEY_RELEASE": "",
    "RELEASED_IN_ERROR": "",
}
"""Kinds of entry that count, and the field that says what came of it; without one, the kind itself does."""


class Cell(NamedTuple):
    """What is counted together."""

    month: str
    """YYYY-MM by London's calendar."""
    prison: str
    path: str
    """BIOMETRIC or MANUAL for a decision, with the reason of the manual path; empty for anything else."""
    outcome: str
    cause: str


def count(entries: Iterable[Entry]) -> Counter[Cell]:
    """Counts decisions, grants refused at the door, releases by key, and those found to be in error afterwards."""
    found: Counter[Cell] = Counter()
    for entry in entries:
        if entry.kind in COUNTED:
            body = entry.content
            month = f"{london(from_millis(entry.at)):%Y-%m}"
            prison = str(
                body.get("prison") or str(body.get("lane", "")).partition("-")[0]
            )  # older entries say the lane
            manual = body.get("manual") or {}
            path = "/".join(filter(None, (str(body.get("path") or ""), str(manual.get("reason") or ""))))
            outcome = str(body.get(COUNTED[entry.kind]) or entry.kind)
            found[Cell(month, prison, path, outcome, str(body.get("cause") or ""))] += 1
    return found


def as_csv(counts: Mapping[Cell, int]) -> str:
    """A header and one line for each cell, in order."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*Cell._fields, "count"])
    writer.writerows([*cell, number] for cell, number in sorted(counts.items()))
    return text.getvalue()


def as_svg(counts: Mapping[Cell, int]) -> str:
    """Horizontal bars: what stopped releases, by cause, the most frequent first."""
    causes: Counter[str] = Counter()
    for cell, number in counts.items():
        if cell.outcome not in ("RELEASE", "KEY_RELEASE"):
            causes[_published(cell.cause) or cell.outcome.replace("_", " ").capitalize()] += number
    rows = causes.most_common()
    most = max((number for _, number in rows), default=1)
    bars = "".join(_bar(place, name, number, most) for place, (name, number) in enumerate(rows))
    height = 60 + 28 * max(1, len(rows))
    title = "Releases stopped, by cause" if rows else "No release was stopped"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height}" font-family="sans-serif" font-size="15">'
        f'<title>{title}</title><rect width="860" height="{height}" fill="#fff"/>'
        f'<text x="12" y="30" font-size="19" font-weight="bold">{title}</text>{bars}</svg>\n'
    )


def _published(cause: str) -> str:
    """HMPPS's words for a cause; what is none of theirs stays as it is."""
    return CauseCode(cause).wording if cause in set(CauseCode) else cause


def _bar(place: int, name: str, number: int, most: int) -> str:
    y, width = 50 + 28 * place, max(2, round(340 * number / most))
    return (
        f'<text x="430" y="{y + 15}" text-anchor="end">{escape(name[:60])}</text>'
        f'<rect x="440" y="{y}" width="{width}" height="20" fill="#1d70b8"/>'
        f'<text x="{446 + width}" y="{y + 15}">{number}</text>'
    )
