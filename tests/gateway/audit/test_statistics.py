"""Counts come from the log alone, and nothing in a name breaks the table or the picture."""

import csv
from xml.etree import ElementTree

from sallyport_gateway.audit.log import Entry
from sallyport_gateway.audit.statistics import Cell, as_csv, as_svg, count
from sallyport_protocol import canonical

JANUARY, FEBRUARY = 1_767_225_600_000, 1_769_904_000_000


def _entry(kind: str, at: int, **body: object) -> Entry:
    return Entry("gateway-1", 0, kind, at, b"", canonical.encode(body))


ENTRIES = [
    _entry("DECISION", JANUARY, lane="MDI-LANE-1", verdict="RELEASE", cause=None, path="BIOMETRIC"),
    _entry("DECISION", JANUARY, lane="MDI-LANE-1", verdict="RELEASE", path="MANUAL", manual={"reason": "NO_REFERENCE"}),
    _entry("KEY_RELEASE", JANUARY, lane="MDI-LANE-1"),
    _entry("DECISION", JANUARY, lane="MDI-LANE-1", verdict="HOLD", cause="wrong person"),
    _entry("DECISION", FEBRUARY - 1, lane="MDI-LANE-2", verdict="HOLD", cause="wrong person"),
    _entry("DECISION", FEBRUARY, lane="PVI-LANE-1", verdict="REFER", cause='<b>"a", =b</b>'),
    _entry("GRANT_REFUSED", FEBRUARY, prison="PVI", lane="EAST-1", cause="REMAND_WARRANT"),
    _entry("ACT", FEBRUARY, lane="PVI-LANE-1"),
]


def test_decisions_are_counted_by_month_prison_verdict_and_cause() -> None:
    assert count(ENTRIES) == {
        Cell("2026-01", "MDI", "BIOMETRIC", "RELEASE", ""): 1,
        Cell("2026-01", "MDI", "MANUAL/NO_REFERENCE", "RELEASE", ""): 1,
        Cell("2026-01", "MDI", "", "KEY_RELEASE", ""): 1,
        Cell("2026-01", "MDI", "", "HOLD", "wrong person"): 2,
        Cell("2026-02", "PVI", "", "REFER", '<b>"a", =b</b>'): 1,
        Cell("2026-02", "PVI", "", "GRANT_REFUSED", "REMAND_WARRANT"): 1,
    }


def test_the_table_reads_back() -> None:
    rows = list(csv.DictReader(as_csv(count(ENTRIES)).splitlines()))
    assert [row["count"] for row in rows] == ["2", "1", "1", "1", "1", "1"]
    assert rows[-1]["cause"] == '<b>"a", =b</b>'


def test_months_are_londons() -> None:
    """The first of July begins at 23:00 UTC."""
    summer = 1_782_860_400_000
    assert [cell.month for cell in count([_entry("DECISION", summer - 1), _entry("DECISION", summer)])] == [
        "2026-06",
        "2026-07",
    ]


def test_the_picture_shows_what_stopped_releases() -> None:
    texts = [each.text for each in ElementTree.fromstring(as_svg(count(ENTRIES))).iter() if each.text]
    assert (
        texts[2:4] == ["wrong person", "2"]
        and "Remand warrant not applied, misfiled or missing" in texts
        and '<b>"a", =b</b>' in texts
        and "RELEASE" not in texts
    )
    assert "No release was stopped" in as_svg({})
