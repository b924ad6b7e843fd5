"""A model's card: the manifest's facts, and the figures, plots and limits of its evaluation record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sallyport_models.calibrations import MODALITIES, read_calibration
from sallyport_models.evaluate.record import read_record
from sallyport_models.manifest import ModelEntry
from sallyport_models.store import write_atomically

RECORDS: Final[Mapping[str, tuple[str, str]]] = {
    "leader": ("fingerprint", "finger"),
    "yunet": ("face", "face"),
    "face-mesh": ("face", "face"),
    "sface": ("face", "face"),
}
"""Which evaluation a model is measured in, and the modality of its scores."""
FUSED: Final = "fused"
"""The name of the card of face and finger together."""
NOT_SHOWN: Final = "**not shown**"


def card_of(entry: ModelEntry, plots: bool = False) -> str:
    """Markdown: what the model is for, its figures with intervals, groups, limits, licence.

    `plots`: the pictures that `write_card` draws lie beside it. Raises MalformedError for a broken record.
    """
    name, modality = RECORDS.get(entry.name, ("", ""))
    record = read_record(name) if name else None
    lines = [
        f"# {entry.name}",
        "",
        f"**Purpose.** {entry.task[0].upper()}{entry.task[1:]}.",
        "",
        "| | |",
        "|---|---|",
        f"| version | {entry.version} |",
        f"| source | {_source(entry)} |",
        f"| sha256, as published | `{entry.source_sha256}` |",
        f"| sha256, as loaded | `{entry.sha256}` |",
        f"| licence | {entry.licence}; text: {entry.licence_text} |",
        *(f"| input | {line} |" for line in entry.inputs),
        *(f"| output | {line} |" for line in entry.outputs),
        f"| operating point | {entry.operating_point} |",
        f"| evaluation | {entry.evaluation} |",
        f"| approved by | {entry.approved_by or 'nobody'} |",
        "",
        *(evaluated(record, modality, plots) if record else [f"**Error rates.** {NOT_SHOWN}: no evaluation record."]),
    ]
    if modality:
        lines += ["", *_calibrated(modality, plots)]
    return "\n".join(lines) + "\n"


def _source(entry: ModelEntry) -> str:
    if entry.own:
        return f"made here, `models/sallyport_models/{entry.path}`"
    return f"package `{entry.source}`, `{entry.path}`" if entry.source else "operator-supplied"


def fused_card(plots: bool = False) -> str:
    """The card of face and finger together."""
    record = read_record(FUSED)
    lines = ["# Face and finger together", "", "**Purpose.** One stated false match rate for a release, from both.", ""]
    lines += evaluated(record, FUSED, plots) if record else [f"**Error rates.** {NOT_SHOWN}: no evaluation record."]
    if record and plots:
        lines += ["", f"![Reliability: stated against found ratios]({FUSED}-reliability.png)"]
    return "\n".join(lines) + "\n"


def evaluated(record: Mapping[str, Any], modality: str, plots: bool) -> list[str]:
    """Data, error table with intervals, groups and limits of one record; plots are named by modality."""
    made_with = ", ".join(f"{package} {number}" for package, number in record["made_with"].items())
    return [
        f"**Data.** {record['data']}. By `{record['command']}` ({made_with}).",
        "",
        "| figure | value | 95 % interval |",
        "|---|---|---|",
        *(_row(words, value) for words, value in record["figures"].items()),
        *(["", f"![DET: FNMR over FMR]({modality}-det.png)"] if plots and record["det"] else []),
        "",
        *_groups(record["groups"]),
        "",
        "**Limits.**",
        *(f"* {line}" for line in record["limits"]),
    ]


def write_card(folder: Path, name: str, text: str) -> list[Path]:
    """Writes the card and its plots. Returns what was written. Raises RoadError."""
    import numpy as np

    from sallyport_models.evaluate.det_plot import draw_det
    from sallyport_models.evaluate.reliability import Bin, draw_reliability

    evaluation, modality = (FUSED, FUSED) if name == FUSED else RECORDS.get(name, ("", ""))
    record, together = read_record(evaluation) if evaluation else None, read_record(FUSED)
    write_atomically(folder / f"{name}.md", text.encode())
    written = [folder / f"{name}.md"]
    if record and record["det"]:
        written.append(folder / f"{modality}-det.png")
        draw_det(written[-1], {line: np.array(points) for line, points in record["det"].items()})
    bins = together["reliability"].get(modality) if together and modality else None
    if bins:
        written.append(folder / f"{modality}-reliability.png")
        draw_reliability(written[-1], [Bin(*each) for each in bins], f"Stated and found ratios: {modality}")
    return written


def _row(words: str, value: Any) -> str:
    if isinstance(value, list):
        point, low, high = value
        return f"| {words} | {_shown(words, point)} | {_shown(words, low)} to {_shown(words, high)} |"
    return f"| {words} | {_shown(words, value)} | |"


def _shown(words: str, value: float) -> str:
    if "Cllr" in words:
        return f"{value:.5f}"
    return f"{value:.2e}" if words.startswith("observed") else f"{100 * value:.3g} %"


def _groups(rows: list[dict[str, Any]] | None) -> list[str]:
    if not rows:
        return [f"**Per group.** {NOT_SHOWN}: the sets carry no labels. `evaluate` takes them with `--groups`."]
    lines = ["**Per group.**", "", "| group | people | FMR | FNMR |", "|---|---|---|---|"]
    for row in rows:
        shown = row.get("shown", True)
        rates = (f"{row['fmr']:.1e}", f"{100 * row['fnmr']:.2f} %") if shown else (NOT_SHOWN, NOT_SHOWN)
        lines.append(f"| {row['group']} | {row['people']} | {rates[0]} | {rates[1]} |")
    return lines


def _calibrated(modality: str, plots: bool) -> list[str]:
    """What the scores' calibration was fitted on, and whether its ratios mean what they say."""
    assert modality in MODALITIES, modality
    found = read_calibration(modality).provenance
    lines = [f"**Calibration.** `calibration/{modality}.toml`, part of the signed model set."]
    if found is not None:
        lines += [
            f"Fitted on {found.data} ({found.identities} identities, {found.genuine} genuine and {found.impostor}"
            f" impostor pairs; sha256 of the data `{found.data_sha256}`): {found.method}."
        ]
    if plots:
        lines += ["", f"![Reliability: stated against found ratios, held out]({modality}-reliability.png)"]
    return lines
