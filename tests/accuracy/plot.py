"""The comparison as a picture: what was measured as dots, what was predicted as lines, a panel for each figure."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt

from tests.accuracy.page import CALIBRATED, Compared

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "accuracy-sweep.svg"
FIGURES = (
    ("rps", "completed requests/s", "linear"),
    ("ttft_p50", "TTFT p50, ms", "log"),
    ("itl_mean", "(E2E − TTFT)/63, ms", "linear"),
)
TOLD = ("fitted to", "held out")
COLOURS = ("#0b6e99", "#d98c2b", "#b0b5bd")


def draw(compared: Sequence[Compared]) -> None:
    """Write the picture: a row for each sweep."""
    rows = [alt.hconcat(*(_panel(one, *figure) for figure in FIGURES), title=one.sweep.title) for one in compared]
    chart = alt.vconcat(*rows, spacing=20).resolve_scale(color="shared", fill="shared")
    chart.configure_axis(labelFontSize=11, titleFontSize=11).configure_view(stroke=None).save(str(PICTURE))


def _panel(one: Compared, name: str, title: str, scale: str) -> alt.LayerChart:
    loads = [point.load or 0.0 for point in one.sweep.points]
    lines: list[dict[str, str | float]] = [
        {"load": load, "value": getattr(figures, name), "source": source}
        for source, stages in one.predicted.items()
        for load, figures in zip(loads, stages, strict=True)
    ]
    known = CALIBRATED if one.sweep.name == "seqs_128" else 0
    dots: list[dict[str, str | float]] = [
        {"load": load, "value": getattr(figures, name), "told": TOLD[place >= known]}
        for place, (load, figures) in enumerate(zip(loads, one.measured, strict=True))
    ]
    x = alt.X("load:Q", title="requests/s asked for")
    ticks = alt.Axis(values=[1, 3, 10, 30, 100, 300, 1000, 3000], format=",") if scale == "log" else alt.Axis()
    y = alt.Y("value:Q", title=title, scale=alt.Scale(type=scale), axis=ticks)
    colour = alt.Color(
        "source:N", title="predicted", sort=None, scale=alt.Scale(domain=list(one.predicted), range=list(COLOURS))
    )
    base = alt.Chart(alt.InlineData(values=lines), width=230, height=170)
    predicted = base.mark_line(point=alt.OverlayMarkDef(size=18)).encode(x, y, colour)
    shade = alt.Fill("told:N", title="measured", sort=None, scale=alt.Scale(domain=list(TOLD), range=["#222", "#fff"]))
    dotted = alt.Chart(alt.InlineData(values=dots)).mark_point(size=60, stroke="#222", strokeWidth=1.6, fillOpacity=0.6)
    measured = dotted.encode(x, y, shade)
    return alt.LayerChart(layer=[predicted, measured])
