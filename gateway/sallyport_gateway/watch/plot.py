"""The watch as a picture: each chart's share beside the usual one, and the distributions of the likelihood ratios."""

from pathlib import Path

from sallyport_gateway.watch.fold import Watch
from sallyport_gateway.watch.sketch import LOWEST
from sallyport_protocol.errors import RoadError


def draw_watch(path: Path, watch: Watch) -> None:
    """Writes the picture. Raises RoadError when it cannot be written or matplotlib is not installed."""
    try:
        import matplotlib as mpl

        mpl.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise RoadError("matplotlib is not installed; install Sallyport with its models extra") from error
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 5))
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
    try:
        figure.savefig(path, dpi=110, bbox_inches="tight", metadata={})
    except OSError as error:
        raise RoadError(f"{path}: {error.strerror}; choose a folder that can be written") from error
    finally:
        pyplot.close(figure)
