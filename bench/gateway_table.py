"""What `bench/gateway.py` shows a person."""

from collections.abc import Iterator
from typing import Any

from rich.table import Table

DAY = 5_000
"""Movements of the whole estate in a day."""


def table(found: dict[str, Any], flight: int) -> Table:
    """What a person reads."""
    shown = Table(
        "what", "a second", "p50 ms", "p95 ms", "p99 ms", "CPU ms of gateway, its link, broker, load", title="Decisions"
    )
    rows = {f"result to decision, closed loop, {flight} devices at once": found["closed"]}
    if "longer" in found:
        rows[f"the same with {found['longer']['entries']:,} audit entries"] = found["longer"]
    rows[f"result to decision, open loop at {found['rate']:.0f} a second"] = found["open"]
    rows[f"whole movement from the officer's start, {flight} at once"] = found["whole"]
    for name, each in rows.items():
        times = (f"{each[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
        work = ", ".join(f"{each[f'{who}_cpu_ms']:.2f}" for who in ("gateway", "link", "broker", "load"))
        shown.add_row(name, f"{each['per_s']:.0f}", *times, work)
    alone, commits = found["verifications_per_s"], found["commits"]
    shown.add_row("signatures verified alone, one core", f"{alone:.0f}", "", "", "", f"{1e3 / alone:.2f}")
    beside = found["verifications_beside_another_per_s"]
    shown.add_row("the same while the other core is busy", f"{beside:.0f}", "", "", "", f"{1e3 / beside:.2f}")
    cuts = (f"{commits[key]:.1f}" for key in ("p50_ms", "p95_ms", "p99_ms"))
    shown.add_row(f"entries committed alone, {flight} callers", f"{commits['per_s']:.0f}", *cuts, "")
    shown.caption = "\n".join(words(found))
    return shown


def words(found: dict[str, Any]) -> Iterator[str]:
    """What stands under the table."""
    alone, closed, commits, whole = (found[name] for name in ("verifications_per_s", "closed", "commits", "whole"))
    busy = sum(each for name, each in closed.items() if name.endswith("_cpu_ms")) * closed["per_s"] / 10
    waves = ", ".join(f"{closed[f'{name}_wave_per_s']:.0f}" for name in ("slowest", "middle", "fastest"))
    yield f"closed loop, a second by waves of one result for each kiosk: {waves} (slowest, middle, fastest)"
    yield f"closed loop: {closed['per_s'] / alone:.3f} of signatures alone, "
    yield f"{closed['per_s'] / commits['per_s']:.3f} of commits alone, {busy:.0f} % of one core in all"
    day = f"the estate's day, {DAY:,} movements: {DAY / closed['per_s']:.1f} s of decisions; whole movements"
    yield f"{day}: {DAY / whole['per_s']:.1f} s at the rate of {whole['count']:,} that were made"
    if "longer" in found:
        grown = found["longer"]["gateway_cpu_ms"] / closed["gateway_cpu_ms"]
        yield f"gateway's CPU for a decision, {found['longer']['entries']:,} entries against few: {grown:.2f}"
    yield (
        f"memory of the gateway {found['gateway_mib']:.0f} MiB, of its link {found['link_mib']:.0f} MiB; "
        f"{found['store']['decisions']:,} decisions, "
        f"{found['store']['releases']:,} RELEASE; {found['wrong_acknowledgements']} acknowledgements wrong"
    )
