"""The acceptance test as a command: each finding as it comes, and the signed report in a file."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from rich.console import Console

from sallyport_kiosk.assembly import device_signer
from sallyport_kiosk.configuration import load_configuration
from sallyport_kiosk.selftest.report import Finding, run_selftest, sign_report
from sallyport_models.store import write_atomically


def accept(config: Path, report: Path, as_json: bool) -> bool:
    """Whether everything passed. Raises RoadError or MalformedError when no report can be signed."""
    configuration = load_configuration(config)
    console = Console()
    found: list[Finding] = []
    for each in run_selftest(configuration):
        found.append(each)
        if not as_json:
            mark = "[green]passed[/]" if each.passed else "[red bold]FAILED[/]"
            console.print(f"{mark}  {each.probe:20} ", end="")
            console.print(f"{each.words}  ({each.ms} ms)", markup=False, highlight=False)
    signed = sign_report(tuple(found), configuration.file.name, device_signer(configuration), datetime.now(UTC))
    write_atomically(report, signed)
    passed = bool(found) and all(each.passed for each in found)
    if as_json:
        console.print_json(json.dumps({"passed": passed, "findings": [asdict(each) for each in found]}))
    else:
        console.print(f"Signed report: {report}, SHA-256 {sha256(signed).hexdigest()}", highlight=False, soft_wrap=True)
    return passed
