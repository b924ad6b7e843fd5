"""The watch as a picture: each chart's share beside the usual one, and the distributions of the likelihood ratios."""

from pathlib import Path

from sallyport_gateway.watch.fold import Watch
from sallyport_gateway.watch.sketch import LOWEST
from sallyport_models.figure import figure_at


def draw_watch(path: Path, watch: Watch) -> None:
    """Writes the picture. Raises RoadError when it cannot be written or matplotlib is not installed."""
    with figure_at(path, size=(12, 5), columns=2) as (left, right):
        shown = sorted((item for item in watch.charts.items() if item[1].sessions), key=lambda item: str(item[0]))
        names = [f"{key.prison} {key.measure} {key.part} {key.group}".strip() for key, _ in shown]
        colours = ["tab:red" if chart.stopped else "tab:blue" for _, chart in shown]
        left.barh(names, [chart.total / chart.test.limit for _, chart in shown], color=colours)
        left.axvline(1.0, color="0.3", linewidth=1)
        left.set(xlabel="sum, as a share of the limit at which the models are held", xlim=(0, 1.2))
        for (prison, _, modality, group), sketch in sorted(watch.sketches.items()):
            if not group and sketch.total:
                places = [LOWEST + number for number in range(len(sketch.counts))]
                shares = [count / sketch.total for count in sketch.counts]
                right.step(places, shares, where="post", label=f"{prison} {modality}, {sketch.total} matches")
        right.set(xlabel="ln likelihood ratio of matches", ylabel="share")
        if right.get_legend_handles_labels()[0]:
            right.legend()
