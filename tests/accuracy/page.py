"""The comparison as tables between two marks of docs/accuracy.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from analyzer.engine import Throughput
from tests.accuracy.measured import Measured
from tests.accuracy.predicted import Figures

PAGE = Path(__file__).parents[2] / "docs" / "accuracy.md"
BEGIN, END = "<!-- sweep: begin -->", "<!-- sweep: end -->"
CALIBRATED = 3


@dataclass(frozen=True)
class Compared:
    """One sweep: what was measured at each load, and by the name of a source what was predicted."""

    sweep: Measured
    measured: tuple[Figures, ...]
    predicted: dict[str, tuple[Figures, ...]]
    knees: dict[str, float]


def write(compared: Sequence[Compared], fitted: Throughput, assumed: Sequence[tuple[str, Figures, Figures]]) -> None:
    """Replace what stands between the marks."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    lines = [
        *_fit(fitted),
        *_optimistic(compared),
        *(line for one in compared for line in _sweep(one)),
        *_assumed(assumed, compared[0]),
    ]
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def _fit(fitted: Throughput) -> Iterator[str]:
    names = ("a0", "a1", "a2", "b0", "b1", "b2", "m0", "r0", "outside_ms", "overlap_ms")
    values = ", ".join(
        f"{name} {value if value > 1e-9 else 0:.3g}" for name, value in zip(names, fitted.times.values, strict=True)
    )
    yield f"{fitted.detail} In milliseconds: {values}."
    yield ""


def _optimistic(compared: Sequence[Compared]) -> Iterator[str]:
    """How far above the measured saturation each source is, over the saturated loads of all sweeps."""
    for source in compared[0].predicted:
        shares = [
            each.rps / truth.rps - 1
            for one in compared
            for point, truth, each in zip(one.sweep.points, one.measured, one.predicted[source], strict=True)
            if (point.load or 0.0) > one.sweep.knee[0]
        ]
        low, high = (round(share * 100) or 0 for share in (min(shares), max(shares)))
        yield f"- Where the engine is saturated, {source} is off by {low:+d} to {high:+d} % in completed requests."
    yield ""


def _sweep(one: Compared) -> Iterator[str]:
    yield f"### {one.sweep.title[0].upper()}{one.sweep.title[1:]}"
    yield ""
    sources = list(one.predicted)
    heads = ["requests/s asked for", "completed/s", *sources, "TTFT p50 ms", *sources, "(E2E − TTFT)/63 ms", *sources]
    yield f"| {' | '.join(heads)} |"
    yield f"|{' --- |' * len(heads)}"
    calibrated = CALIBRATED if one.sweep.name == "seqs_128" else 0
    for place, (point, truth) in enumerate(zip(one.sweep.points, one.measured, strict=True)):
        cells = [f"{point.load:.4g}{' (calibrated on)' if place < calibrated else ''}"]
        for name in ("rps", "ttft_p50", "itl_mean"):
            value = getattr(truth, name)
            cells.append(f"{value:.4g}")
            cells += [_off(getattr(one.predicted[source][place], name), value) for source in sources]
        yield f"| {' | '.join(cells)} |"
    low, high = one.sweep.knee
    knees = "; ".join(f"{s}: {knee:.0f}{' or more' if knee > high - 1 else ''}" for s, knee in one.knees.items())
    yield ""
    kept = f"The engine kept up with {low:.0f} requests/s and not with {high:.0f} (95 % completed)."
    yield f"{kept} Predicted, of what lies between: {knees}."
    yield ""


def _off(value: float, truth: float) -> str:
    return f"{value:.4g} ({round((value / truth - 1) * 100) or 0:+d} %)"


def _assumed(rows: Sequence[tuple[str, Figures, Figures]], first: Compared) -> Iterator[str]:
    yield "### What the assumed figures of the GPU change"
    yield ""
    yield "The fit repeated with other figures for what the sweep cannot tell; the errors are those of the first sweep."
    yield ""
    yield "| assumed | saturation | (E2E − TTFT)/63 at 92 requests/s | TTFT p50 at 92 requests/s |"
    yield "| --- | --- | --- | --- |"
    for name, busy, saturated in rows:
        at_knee, above = first.measured[3], first.measured[4]
        cells = (
            _off(saturated.rps, above.rps),
            _off(busy.itl_mean, at_knee.itl_mean),
            _off(busy.ttft_p50, at_knee.ttft_p50),
        )
        yield f"| {name} | {' | '.join(cells)} |"
