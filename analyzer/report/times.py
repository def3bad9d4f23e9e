"""Charts of when requests come, how fast they come at the most, and how long they wait."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import altair as alt

from analyzer.analysis import Hour
from analyzer.histogram import Quantiles
from analyzer.report import theme
from analyzer.report.axes import (
    Row,
    marked,
    power_above,
    power_below,
    stacked,
    texts,
    times_axis,
    tokens_axis,
    tokens_scale,
)
from analyzer.report.numbers import milliseconds, rate

PANEL = 110
SHORTEST_MS = 1e-3


def hours_of_day(hours: Sequence[Hour]) -> alt.VConcatChart:
    """Requests by hour of the day, and under them the p50 and p99 of ISL and OSL; hours without requests are gaps."""
    bars: list[Row] = [{"x": hour.hour, "x2": hour.hour + 1, "y": hour.requests, "y2": 0} for hour in hours]
    requests = marked(
        bars,
        alt.MarkDef(type="rect", color=theme.BAR, stroke=theme.PAPER, strokeWidth=1),
        _clock(None),
        alt.X2("x2"),
        alt.Y("y", type="quantitative", axis=alt.Axis(title="requests", format=",d", tickCount=4, tickMinStep=1)),
        alt.Y2("y2"),
    )
    isl = [(hour.hour, hour.isl_p50, hour.isl_p99) for hour in hours]
    osl = [(hour.hour, hour.osl_p50, hour.osl_p99) for hour in hours]
    panels = (
        stacked([requests], theme.WIDTH - 70, PANEL),
        _lengths("ISL, tokens", theme.ISL, isl, None),
        _lengths("OSL, tokens", theme.OSL, osl, "hour of the day"),
    )
    all_three: alt.VConcatChart = alt.vconcat(*panels, spacing=16).resolve_scale(
        x="independent", y="independent", strokeDash="independent"
    )
    return all_three


def _clock(title: str | None) -> alt.X:
    axis = alt.Axis(
        title=title, values=list(range(0, 25, 3)), labelExpr="format(datum.value, '02') + ':00'", labelFlush=False
    )
    return alt.X("x", type="quantitative", scale=alt.Scale(domain=[0, 24], nice=False), axis=axis)


def _lengths(
    name: str, colour: str, rows: Sequence[tuple[int, int | None, int | None]], title: str | None
) -> alt.LayerChart:
    known = [max(1, value) for _, *pair in rows for value in pair if value is not None]
    low, high = power_below(min(known)), power_above(max(known) + 1)
    values: list[Row] = [
        {"x": hour + 0.5, "y": None if value is None else max(1, value), "quantile": quantile}
        for hour, p50, p99 in rows
        for quantile, value in (("p50", p50), ("p99", p99))
    ]
    dash = alt.StrokeDash(
        "quantile",
        type="nominal",
        scale=alt.Scale(domain=["p50", "p99"], range=[[], [4, 3]]),
        legend=alt.Legend(title=None, orient="right", symbolSize=400, symbolStrokeColor=colour),
    )
    axis = tokens_axis(name, low, high, grid=True)
    x, y = _clock(title), alt.Y("y", type="quantitative", scale=tokens_scale(low, high), axis=axis)
    line = marked(values, alt.MarkDef(type="line", color=colour, strokeWidth=2), x, y, dash)
    dots = marked(values, alt.MarkDef(type="point", color=colour, filled=True, size=22, opacity=1), x, y)
    return stacked([line, dots], theme.WIDTH - 70, PANEL)


def load_levels(levels: Mapping[str, float], planned: str | None) -> alt.LayerChart:
    """Levels of load in requests per second, one bar each in the order given; the one planned for stands out."""
    rows: list[Row] = [
        {"name": name, "x": value, "text": rate(value), "colour": theme.LIMIT if name == planned else theme.BAR}
        for name, value in levels.items()
    ]
    y = alt.Y("name", type="nominal", sort=list(levels), axis=alt.Axis(title=None, ticks=False, labelLimit=320))
    x = alt.X(
        "x",
        type="quantitative",
        scale=alt.Scale(domain=[0, max([*levels.values(), 1e-9]) * 1.12], nice=False),
        axis=alt.Axis(title="requests per second", tickCount=6),
    )
    colour = alt.Color("colour", type="nominal", scale=None)
    bars = marked(rows, alt.MarkDef(type="bar", size=14), x, y, colour)
    labels = texts(rows, alt.MarkDef(type="text", align="left", dx=5, fontSize=12, color=theme.INK), x, y)
    return stacked([bars, labels], theme.WIDTH - 220, 28 * len(levels))


def waits(quantiles: Mapping[str, Quantiles], objectives: Mapping[str, float]) -> alt.LayerChart:
    """Latency: per kind of time a line from p50 to p99.9 with its quantiles as points, in ms on a logarithmic axis.

    `objectives` holds limits in ms by the same names; they are drawn as upright bars.
    """
    spans: list[Row] = [
        {"name": name, "x": max(SHORTEST_MS, q.p50), "x2": max(SHORTEST_MS, q.p99_9)} for name, q in quantiles.items()
    ]
    points: list[Row] = [
        {"name": name, "x": max(SHORTEST_MS, value)}
        for name, q in quantiles.items()
        for value in (q.p50, q.p90, q.p95, q.p99, q.p99_9)
    ]
    every = [max(SHORTEST_MS, value) for q in quantiles.values() for value in (q.p50, q.p99_9)]
    low, high = _room([*every, *objectives.values()])
    y = alt.Y("name", type="nominal", sort=list(quantiles), axis=alt.Axis(title=None, ticks=False))
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    x = alt.X("x", type="quantitative", scale=scale, axis=times_axis("time (logarithmic)", low, high))
    layers = [
        marked(spans, alt.MarkDef(type="rule", color=theme.BAR, strokeWidth=5), x, alt.X2("x2"), y),
        marked(points, alt.MarkDef(type="point", filled=True, size=42, color=theme.ISL, opacity=1), x, y),
        *_ends(quantiles, x, y),
    ]
    if objectives:
        goals: list[Row] = [{"name": name, "x": at} for name, at in objectives.items()]
        tick = alt.MarkDef(type="tick", color=theme.LIMIT, thickness=3, size=24, opacity=1)
        layers.append(marked(goals, tick, x, y))
    return stacked(layers, theme.WIDTH - 40, 46 * len(quantiles))


def _room(durations: Sequence[float]) -> tuple[float, float]:
    """The axis from and to, in ms, wide enough for the labels beside the shortest and the longest duration."""
    low, high = min(durations), max(durations)
    margin = 10 ** max(0.5, 0.22 * math.log10(high / low))
    return low / margin, high * margin


def _ends(quantiles: Mapping[str, Quantiles], x: alt.X, y: alt.Y) -> Iterator[alt.Chart]:
    """The labels of the median and of p99.9, outside of the line's two ends."""
    ends: tuple[tuple[str, Literal["left", "right"], float], ...] = (("p50", "right", -9), ("p99.9", "left", 9))
    for label, align, aside in ends:
        times = {name: q.p50 if label == "p50" else q.p99_9 for name, q in quantiles.items()}
        rows: list[Row] = [
            {"name": name, "x": max(SHORTEST_MS, at), "text": f"{label} {milliseconds(at)}"}
            for name, at in times.items()
        ]
        look = alt.MarkDef(type="text", align=align, dx=aside, fontSize=11.5, color=theme.INK)
        yield texts(rows, look, x, y)
