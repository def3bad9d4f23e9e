"""The soak as a picture: memory and open files over time, with what was done to the observer."""

from collections.abc import Sequence
from pathlib import Path

import altair as alt

from tests.bench.soak.page import Found
from tests.bench.soak.watch import WHO, Held

_COLOURS = ("#0b6e99", "#c8502b", "#8a8f98", "#b9a24c")
_WIDTH, _HEIGHT = 720, 190
_MINUTE = 60.0
_Rows = Sequence[dict[str, str | float]]


def draw(found: Found, path: Path) -> None:
    """Writes an SVG with two panels over the minutes of the run; a rule for each kill and each stop."""
    memory: list[dict[str, str | float]] = []
    files: list[dict[str, str | float]] = []
    for sample in found.samples:
        for who, held in sample.held.items():
            if held is not None:
                memory.append(_point(sample.at, who, held, held.rss_kb / 1024))
                files.append(_point(sample.at, who, held, held.files))
    done: _Rows = [
        {"minute": each.at / _MINUTE, "what": "killed" if "kill" in each.kind else "stopped"}
        for each in found.events
        if each.kind != "quiet"
    ]
    panels = [_panel(memory, done, "Resident memory, MB"), _panel(files, done, "Open files")]
    chart = alt.vconcat(*panels, spacing=18).resolve_scale(color="shared", strokeDash="shared")
    chart.configure_axis(labelFontSize=11, titleFontSize=11).configure_view(stroke=None).save(str(path))


def _point(at: float, who: str, held: Held, value: float) -> dict[str, str | float]:
    return {"minute": at / _MINUTE, "process": who, "life": f"{who} {held.pid}", "value": value}


def _panel(rows: _Rows, done: _Rows, title: str) -> alt.LayerChart:
    minutes = alt.X("minute:Q", title="minutes", axis=alt.Axis(grid=False))
    process = alt.Color("process:N", scale=alt.Scale(domain=list(WHO), range=list(_COLOURS)), title=None)
    what = alt.StrokeDash(
        "what:N", title="observer", scale=alt.Scale(domain=["killed", "stopped"], range=[[1, 0], [3, 3]])
    )
    rules = alt.Chart(alt.InlineData(values=list(done))).mark_rule(color="#9aa1ab").encode(minutes, strokeDash=what)
    lines = alt.Chart(alt.InlineData(values=list(rows))).mark_line(strokeWidth=1.5).encode(
        minutes, alt.Y("value:Q", title=title), process, detail="life:N"
    )  # fmt: skip
    return alt.LayerChart(layer=[rules, lines], width=_WIDTH, height=_HEIGHT)
