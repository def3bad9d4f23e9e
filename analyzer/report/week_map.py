"""The map of the week: which kind of hours each of the 168 hours is."""

from collections.abc import Mapping, Sequence

import altair as alt

from analyzer.report import theme
from analyzer.report.axes import Row, marked, stacked

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = 24
ROW = 34
LETTERS = "ABCDEF"


def letter(label: int) -> str:
    """The letter that stands for a kind of hours: A for 0."""
    return LETTERS[label]


def chart(labels: Sequence[int], names: Mapping[int, str]) -> alt.LayerChart:
    """168 squares from Monday 00:00, coloured and lettered by their kind; `names` has the name of each label.

    Hours of a label without a name (too few requests) are empty.
    """
    titles = {label: f"{letter(label)}: {name}" for label, name in names.items()}
    rows: list[Row] = [
        {"x": hour % HOURS, "x2": hour % HOURS + 1, "y": DAYS[hour // HOURS], "kind": titles[label]}
        for hour, label in enumerate(labels)
        if label in titles
    ]
    letters: list[Row] = [
        {"x": hour % HOURS + 0.5, "y": DAYS[hour // HOURS], "text": letter(label)}
        for hour, label in enumerate(labels)
        if label in titles
    ]
    axis = alt.Axis(
        title="hour of the day",
        values=list(range(0, HOURS + 1, 3)),
        labelExpr="format(datum.value, '02') + ':00'",
        labelFlush=False,
        grid=False,
    )
    x = alt.X("x", type="quantitative", scale=alt.Scale(domain=[0, HOURS], nice=False), axis=axis)
    y = alt.Y("y", type="nominal", sort=list(DAYS), axis=alt.Axis(title=None, ticks=False, domain=False))
    colours = alt.Scale(domain=list(titles.values()), range=[theme.KINDS[label] for label in titles])
    legend = alt.Legend(title=None, orient="bottom", columns=1, symbolType="square", symbolSize=160, labelLimit=600)
    kind = alt.Color("kind", type="nominal", scale=colours, legend=legend)
    squares = alt.MarkDef(type="rect", stroke=theme.PAPER, strokeWidth=1.5)
    text = alt.MarkDef(type="text", fontSize=11, color=theme.ON_PALE)
    tiles = marked(rows, squares, x, alt.X2("x2"), y, kind)
    return stacked([tiles, marked(letters, text, x, y, alt.Text("text", type="nominal"))], theme.WIDTH - 70, ROW * 7)
