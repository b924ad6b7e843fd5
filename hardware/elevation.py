"""Where things are on the kiosk's column: front and side with heights above the finished floor, from kiosk.scad."""

import re
from pathlib import Path

SCAD = Path(__file__).parent / "enclosure/kiosk.scad"
SITTING = (1060, 1250)
STANDING = (1400, 1750)
"""Eye heights, mm (BS 8300-2)."""


def sizes(scad: Path = SCAD) -> dict[str, float]:
    """The named lengths of the drawing, mm."""
    return {name: float(value) for name, value in re.findall(r"^(\w+) = ([0-9.]+);", scad.read_text(), re.MULTILINE)}


def draw_elevation(png: Path) -> None:
    """Front and side, to scale."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    s = sizes()
    figure, (front, side) = pyplot.subplots(1, 2, figsize=(11, 9), sharey=True, width_ratios=(3, 2))
    _front(front, s)
    _side(side, s)
    for view in (front, side):
        view.axhline(0, color="black", linewidth=2)
        view.set_aspect("equal")
        view.set_ylim(-60, 1850)
        view.spines[:].set_visible(False)
        view.set_xticks([])
    front.set_ylabel("mm above the finished floor")
    figure.tight_layout()
    figure.savefig(png, dpi=110)
    pyplot.close(figure)


def _front(view, s: dict[str, float]) -> None:  # type: ignore[no-untyped-def]
    half = s["width"] / 2
    for low, high, name in ((*SITTING, "eyes, in a wheelchair"), (*STANDING, "eyes, standing")):
        view.axhspan(low, high, color="0.92")
        view.text(-half - 345, (low + high) / 2, name, va="center", fontsize=9, color="0.35")
    _box(view, -half, s["plinth"], s["width"], s["height"] - s["plinth"], "0.85")
    _box(view, -half + 60, 0, s["width"] - 120, s["plinth"], "0.75")
    tall = s["screen_tall"]
    _box(view, -s["screen_width"] / 2, s["screen_height"] - tall / 2, s["screen_width"], tall, "0.3")
    low, high = s["camera_low"], s["camera_high"]
    _box(view, -s["camera_width"] / 2, low, s["camera_width"], high - low, "0.3")
    _box(view, -70, s["sensor_height"] - 60, 140, 120, "0.95")
    _box(view, -s["sensor_width"] / 2, s["sensor_height"] - 26, s["sensor_width"], 52, "0.3")
    view.set_title("Front")
    for at, what in (
        (s["height"], "top of the column"),
        (high, "camera window, top"),
        (low, "camera window, bottom"),
        (s["screen_height"], "display, middle"),
        (s["sensor_height"], "finger sensor, middle"),
        (s["plinth"], "toe space"),
    ):
        view.plot([half, half + 60], [at, at], color="black", linewidth=0.8)
        view.text(half + 70, at, f"{at:,.0f}  {what}", va="center", fontsize=9)
    view.set_xlim(-half - 360, half + 330)


def _side(view, s: dict[str, float]) -> None:  # type: ignore[no-untyped-def]
    _box(view, 0, s["plinth"], s["depth"], s["height"] - s["plinth"], "0.85")
    _box(view, 60, 0, s["depth"] - 60, s["plinth"], "0.75")
    _box(view, -s["hood"], s["height"] - 30, s["hood"], 6, "0.6")
    middle, shelf = s["sensor_height"], s["shelf"]
    view.fill([-shelf, 0, 0, -shelf], [middle - 60, middle - 60, middle + 60, middle - 50], "0.95", edgecolor="black")
    view.set_title("Side")
    view.annotate("", (-shelf, middle - 130), (0, middle - 130), arrowprops={"arrowstyle": "<->"})
    view.text(-shelf / 2, middle - 165, f"{shelf:.0f}", ha="center", fontsize=9)
    view.annotate("", (-s["hood"], s["height"] + 40), (0, s["height"] + 40), arrowprops={"arrowstyle": "<->"})
    view.text(-s["hood"] / 2, s["height"] + 60, f"hood {s['hood']:.0f}", ha="center", fontsize=9)
    view.annotate("", (0, 310), (s["depth"], 310), arrowprops={"arrowstyle": "<->"})
    view.text(s["depth"] / 2, 325, f"{s['depth']:.0f}", ha="center", fontsize=9)
    view.text(-330, 60, "level floor,\n1,500 x 1,500\nin front", fontsize=9)
    view.set_xlim(-360, 300)


def _box(view, x: float, y: float, wide: float, tall: float, tone: str) -> None:  # type: ignore[no-untyped-def]
    view.fill([x, x + wide, x + wide, x], [y, y, y + tall, y + tall], tone, edgecolor="black", linewidth=1)
