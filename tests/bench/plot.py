"""Figures as a picture: processor time per unit for each proxy and scenario, on logarithmic axes."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt

from tests.bench.scenarios import Scenario
from tests.bench.summary import Figure

_PADDING = {"left": 30, "right": 30, "top": 8, "bottom": 8}
"""Room for names and numbers: fonts of others are wider than the one that the plot is laid out with."""


def draw(scenarios: Sequence[Scenario], figures: Sequence[Figure], path: Path) -> None:
    """Writes an SVG: one panel for each scenario, a dot for the median and a line from lowest to highest round."""
    panels = []
    for scenario in scenarios:
        rows: list[dict[str, str | float]] = [
            {"proxy": figure.peer, "median": figure.cpu.median, "low": figure.cpu.low, "high": figure.cpu.high}
            for figure in figures
            if figure.scenario == scenario.key and figure.cpu is not None
        ]
        if rows:
            panels.append(_panel(scenario, rows))
    if panels:
        chart = alt.concat(*panels, columns=2, spacing=24).properties(padding=_PADDING)
        chart.configure_axis(labelFontSize=11, titleFontSize=11).configure_view(stroke=None).save(str(path))


def _panel(scenario: Scenario, rows: list[dict[str, str | float]]) -> alt.LayerChart:
    order = [str(row["proxy"]) for row in rows]
    proxies = alt.Y("proxy:N", sort=order, title=None)
    scale = alt.Scale(type="log", nice=True)
    title = f"µs of CPU per {scenario.unit}"
    ours = alt.condition("indexof(datum.proxy, 'tokentide') == 0", alt.value("#0b6e99"), alt.value("#8a8f98"))
    base = alt.Chart(alt.InlineData(values=rows), width=330, height=18 * len(rows), title=scenario.title)
    line = base.mark_rule(strokeWidth=2).encode(
        alt.X("low:Q", scale=scale, title=title, axis=alt.Axis(tickCount=4)), alt.X2("high:Q"), proxies, color=ours
    )
    dots = base.mark_point(size=70, filled=True, opacity=1).encode(alt.X("median:Q", scale=scale), proxies, color=ours)
    words = base.mark_text(align="left", dx=9, fontSize=11).encode(
        alt.X("high:Q", scale=scale), proxies, text=alt.Text("median:Q", format=".3~r")
    )
    return alt.LayerChart(layer=[line, dots, words])
