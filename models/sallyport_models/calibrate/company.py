"""`sallyport-models calibrate company REPORT...`: what a passed challenge and returned light are worth, in nats.

The reports are those of `python -m sallyport_rig.sessions --json`: whole sessions of living people and of attacks. What
is held before the camera is of some kinds (prints, displays, a display that answers); of each kind a share passes the
challenge and returns the light, at most its upper 95 % bound (Clopper-Pearson, one-sided). The kind that may do so most
often counts. The logarithm of the living people's share over it is added to what a face must look like before it is
called a picture, for one who was doubted and has answered again (`face.attack.Weights.company`).
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console

from sallyport_biometrics.face.attack import LARGEST
from sallyport_models.attack_calibration import FILE, parse_attack_calibration
from sallyport_models.calibrate import app
from sallyport_models.store import write_atomically
from sallyport_protocol.errors import MalformedError, RoadError

TABLE: Final = "[company]"


class Count(BaseModel):
    """Sessions."""

    sessions: int


class Kind(BaseModel):
    """One species in a report."""

    apcer: Count
    held: str
    company: int


class Sessions(BaseModel):
    """What is read of a report."""

    bpcer: Count
    genuine_company: int
    species: Mapping[str, Kind]


@app.command("company")
def calibrate_company(
    reports: Annotated[list[Path], typer.Argument(help="Made by `python -m sallyport_rig.sessions --json`")],
    output: Annotated[Path, typer.Option(help="The calibration file to complete", show_default=False)] = FILE,
) -> None:
    """Count in whole sessions what company is worth; run it after `calibrate attack`, which leaves it out."""
    table = company_table([_read(path) for path in reports])
    try:
        before = output.read_text()
    except OSError as error:
        raise RoadError(f"{output}: {error.strerror}; run `sallyport-models calibrate attack` first") from error
    text = before.partition(f"\n{TABLE}\n")[0].rstrip("\n") + "\n\n" + table
    parse_attack_calibration(text.encode(), output)
    write_atomically(output, text.encode())
    Console(stderr=True).print(f"{output}: written\n{table}", markup=False, soft_wrap=True)


def company_table(reports: Sequence[Sessions]) -> str:
    """The table in the calibration file. Raises MalformedError when nothing was held before the camera."""
    live = sum(each.genuine_company for each in reports), sum(each.bpcer.sessions for each in reports)
    kinds: dict[str, tuple[int, int]] = {}
    for species in (each for report in reports for each in report.species.values() if each.held):
        passed, tried = kinds.get(species.held, (0, 0))
        kinds[species.held] = passed + species.company, tried + species.apcer.sessions
    if not live[0] or not kinds:
        raise MalformedError("the reports hold no living people or nothing that was held before the camera")
    nats = worth(live, list(kinds.values()))
    counts = ", ".join(f'"{name}" = [{passed}, {tried}]' for name, (passed, tried) in sorted(kinds.items()))
    return "\n".join(
        [
            TABLE,
            "# Sessions that passed a challenge and returned the light, and all: `sallyport-models calibrate company`.",
            f"live = [{live[0]}, {live[1]}]",
            f"held = {{ {counts} }}",
            f"nats = {nats:.4f}",
            "",
        ]
    )


def worth(live: tuple[int, int], kinds: Sequence[tuple[int, int]]) -> float:
    """Nats: 0 when some kind may get as far as people do; less than `LARGEST`."""
    most = max(upper_bound(passed, tried) for passed, tried in kinds)
    return min(LARGEST - 0.01, max(0.0, math.log(live[0] / live[1] / most)))


def upper_bound(passed: int, tried: int) -> float:
    """Of a share, 95 %, one-sided and exact (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    return 1.0 if passed == tried else float(beta.ppf(0.95, passed + 1, tried - passed))


def _read(path: Path) -> Sessions:
    try:
        content: Any = json.loads(path.read_bytes())
        return Sessions.model_validate(content)
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; name a report that can be read") from error
    except (ValueError, ValidationError) as error:
        raise MalformedError(f"{path}: no report of `python -m sallyport_rig.sessions --json`") from error
