"""Evaluation records: figures and curves of one evaluation, from which cards are made. Aggregates only, no names."""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sallyport_models.evaluate.reliability import Bin
from sallyport_models.store import write_atomically
from sallyport_protocol.errors import MalformedError, RoadError

FOLDER: Final = Path(__file__).resolve().parent.parent / "evaluation"
FORM: Final = 1
POINTS: Final = 120
"""Points of a DET line that are kept."""

Values = NDArray[np.float64]


def made_record(
    command: str,
    data: str,
    figures: Mapping[str, Any],
    det: Mapping[str, Values],
    limits: Sequence[str] = (),
    bins: Mapping[str, Sequence[Bin]] | None = None,
    groups: Sequence[Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """A record: `figures` is a flat table of numbers or [value, low, high], `det` has lines of (FMR, FNMR), `bins` the
    reliability of each score, `limits` what the figures do not show."""
    return {
        "form": FORM,
        "command": command,
        "data": data,
        "figures": dict(figures),
        "det": {name: thinned(line) for name, line in det.items()},
        "reliability": {name: [_bin(each) for each in found] for name, found in (bins or {}).items()},
        "limits": list(limits),
        "groups": None if groups is None else [dict(each) for each in groups],
        "made_with": {name: version(name) for name in ("numpy", "onnxruntime")},
    }


def _bin(each: Bin) -> list[float | None]:
    found = None if each.found is None else round(each.found, 3)
    return [round(each.stated, 3), found, each.genuine, each.impostor]


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Writes the record. Raises RoadError."""
    write_atomically(path, (json.dumps(record, indent=1) + "\n").encode())


def read_record(name: str, folder: Path = FOLDER) -> dict[str, Any] | None:
    """The record of an evaluation (`face`, `fingerprint`, `fused`); None where none was kept. Raises MalformedError."""
    path = folder / f"{name}.json"
    try:
        found = json.loads(path.read_text())
        if found["form"] != FORM:
            raise MalformedError(f"{path}: form {found['form']} is unknown; evaluate again")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; install Sallyport again") from error
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedError(f"{path}: {error!r}; evaluate again") from error
    record: dict[str, Any] = found
    return record


def thinned(line: Values) -> list[list[float]]:
    """At most POINTS points of a DET line, evenly spaced over the logarithm of its FMR."""
    order = np.argsort(line[:, 0], kind="stable")
    fmr = np.log10(np.maximum(line[order, 0], 1e-9))
    wanted = np.linspace(fmr[0], fmr[-1], POINTS)
    kept = np.unique(np.clip(np.searchsorted(fmr, wanted), 0, len(fmr) - 1))
    return [[float(f"{line[order[at], 0]:.4g}"), float(f"{line[order[at], 1]:.4g}")] for at in kept]
