"""Marks, layers and axes of every chart: logarithmic in tokens and times, labelled the way people say the numbers."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import altair as alt

from analyzer.report import theme
from analyzer.report.numbers import milliseconds, power, whole

Row = Mapping[str, float | int | str | None]
Channel = alt.X | alt.X2 | alt.Y | alt.Y2 | alt.Color | alt.Order | alt.StrokeDash | alt.Text


def marked(rows: Sequence[Row], mark: alt.MarkDef, *channels: Channel) -> alt.Chart:
    """One mark for each of `rows`, which travel inside the specification; `channels` say what is seen of a row."""
    chart: alt.Chart = alt.Chart(alt.InlineData(values=[dict(row) for row in rows]), mark=mark).encode(*channels)
    return chart


def texts(rows: Sequence[Row], mark: alt.MarkDef, x: alt.X | None = None, y: alt.Y | None = None) -> alt.Chart:
    """The `text` of each of `rows` at its `x` and `y`."""
    return marked(rows, mark, x or across(), y or upward(), alt.Text("text", type="nominal"))


def stacked(layers: Iterable[alt.Chart | alt.LayerChart], width: float, height: float) -> alt.LayerChart:
    """Layers over each other on common axes, the first at the bottom; width and height in pixels."""
    return alt.LayerChart(layer=list(layers), width=width, height=height)


def across(field: str = "x") -> alt.X:
    """The horizontal channel of a layer that takes scale and axis from the layers below it."""
    return alt.X(field, type="quantitative")


def upward(field: str = "y") -> alt.Y:
    """The vertical channel of a layer that takes scale and axis from the layers below it."""
    return alt.Y(field, type="quantitative")


def power_below(tokens: float) -> float:
    """The largest power of two that is not above `tokens`."""
    return 2.0 ** math.floor(math.log2(tokens))


def power_above(tokens: float) -> float:
    """The smallest power of two that is not below `tokens`."""
    return 2.0 ** math.ceil(math.log2(tokens))


def tokens_scale(low: float, high: float) -> alt.Scale:
    """A scale to base two between two numbers of tokens."""
    return alt.Scale(type="log", base=2, domain=[low, high], nice=False, zero=False)


def tokens_axis(title: str, low: float, high: float, *, grid: bool = False, line: bool = True) -> alt.Axis:
    """An axis with a label at each power of two from one token upward, fewer where they would touch."""
    values = list(_powers(2, max(1, low), high))
    return _axis(title, 2, values, [power(value) for value in values], grid=grid, line=line)


def times_axis(title: str, low: float, high: float) -> alt.Axis:
    """An axis in ms with a label at each power of ten."""
    values = list(_powers(10, low, high))
    return _axis(title, 10, values, [milliseconds(value) for value in values], grid=True)


def shares_axis(title: str, low: float) -> alt.Axis:
    """An axis of shares from `low` to 1 with a label in per cent at each power of ten."""
    values = list(_powers(10, low, 1))
    return _axis(title, 10, values, [f"{value * 100:g} %" for value in values], grid=True)


def _powers(base: int, low: float, high: float) -> Iterator[float]:
    exponent = math.ceil(math.log(low, base) - 1e-9)
    while base**exponent <= high * (1 + 1e-9):
        yield float(base) ** exponent
        exponent += 1


def _axis(
    title: str, base: int, values: Sequence[float], names: Sequence[str], *, grid: bool, line: bool = True
) -> alt.Axis:
    """Labels are looked up by their place, because the drawing program would write the numbers in its own way."""
    place = f"round(log(datum.value / {values[0] if values else 1}) / log({base}))"
    labels = f"{json.dumps(list(names))}[{place}]"
    return alt.Axis(
        title=title,
        values=list(values),
        labelExpr=labels,
        labelOverlap=True,
        labelFlush=False,
        grid=grid,
        domain=line,
    )


def limit_lines(paths: Mapping[str, Sequence[tuple[float, float]]], limits: Mapping[str, int]) -> alt.Chart:
    """The recommended limits as lines along their paths, told apart by dashes and named in a legend below."""
    labels = {name: f"{name} {whole(tokens)}" for name, tokens in limits.items()}
    rows: list[Row] = [
        {"limit": labels[name], "x": x, "y": y, "order": order}
        for name, path in paths.items()
        for order, (x, y) in enumerate(path)
    ]
    legend = alt.Legend(
        title=None,
        orient="bottom",
        symbolSize=500,
        symbolStrokeWidth=2,
        symbolStrokeColor=theme.LIMIT,
        columnPadding=32,
    )
    dashes = alt.Scale(domain=list(labels.values()), range=[theme.DASHES[name] for name in labels])
    return marked(
        rows,
        alt.MarkDef(type="line", color=theme.LIMIT, strokeWidth=2, clip=True),
        across(),
        upward(),
        alt.Order("order", type="quantitative"),
        alt.StrokeDash("limit", type="nominal", scale=dashes, legend=legend),
    )
