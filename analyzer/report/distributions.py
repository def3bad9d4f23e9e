"""How long requests are: one chart per side with its quantiles, and one to choose a limit by."""

import math
from collections.abc import Iterator, Mapping, Sequence

import altair as alt

from analyzer.histogram import Summary
from analyzer.report import theme
from analyzer.report.axes import (
    Row,
    across,
    limit_lines,
    marked,
    power_above,
    power_below,
    shares_axis,
    stacked,
    texts,
    tokens_axis,
    tokens_scale,
    upward,
)
from analyzer.report.numbers import share, whole

BARS = 150
FLAG = 17
LETTER = 7
OVER = (0.5, 0.1, 0.05, 0.01, 0.001)


def histogram(
    title: str, colour: str, edges: Sequence[int], counts: Sequence[int], flags: Mapping[str, int], limit: str
) -> alt.LayerChart:
    """Bars of the share of requests between powers of two, with a flag at each length of `flags` (tokens by name).

    The flag called `limit` is drawn in the colour of limits. Labels stand left of their line, each higher than the one
    before, so that none can cover another.
    """
    total = sum(counts)
    bars = [(edge, count / total) for edge, count in zip(edges, counts, strict=True) if count]
    tallest = max(part for _, part in bars)
    ordered = sorted(flags.items(), key=lambda flag: flag[1])
    high = power_above(max(bars[-1][0], 2, *flags.values()))
    low = min(bars[0][0] / 2, _room_for_labels(ordered, high))
    height = BARS + FLAG * (len(ordered) + 1)
    layers = [_bars(title, colour, bars, (low, high), tallest * height / BARS)]
    for row, (name, tokens) in enumerate(ordered):
        level = tallest * (BARS + FLAG * (row + 1)) / BARS
        layers += _flag(_label(name, tokens), max(1, tokens), level, limit=name == limit)
    return stacked(layers, theme.WIDTH, height)


def _room_for_labels(flags: Sequence[tuple[str, int]], high: float) -> float:
    """How far left the axis must begin for the label of every flag to fit between the edge and its line."""
    top = math.log2(high)
    starts = [top - 1]
    for name, tokens in flags:
        part = (len(_label(name, tokens)) * LETTER + 8) / theme.WIDTH
        starts.append((math.log2(max(1, tokens)) - part * top) / (1 - part))
    return 2.0 ** math.floor(min(starts))


def _label(name: str, tokens: int) -> str:
    return f"{name} {whole(tokens)}"


def _bars(
    title: str, colour: str, bars: Sequence[tuple[int, float]], domain: tuple[float, float], top: float
) -> alt.Chart:
    rows: list[Row] = [{"x": edge / 2, "x2": edge, "y": part, "y2": 0} for edge, part in bars]
    tallest = max(part for _, part in bars)
    step = _round_step(tallest)
    ticks = [step * place for place in range(int(tallest / step + 1e-9) + 1)]
    labels = "format(datum.value * 100, '~g') + ' %'"
    shares = alt.Axis(title="share of requests", titleAnchor="start", values=ticks, labelExpr=labels, domain=False)
    return marked(
        rows,
        alt.MarkDef(type="rect", color=colour, stroke=theme.PAPER, strokeWidth=1),
        alt.X("x", type="quantitative", scale=tokens_scale(*domain), axis=tokens_axis(title, *domain)),
        alt.X2("x2"),
        alt.Y("y", type="quantitative", scale=alt.Scale(domain=[0, top], nice=False), axis=shares),
        alt.Y2("y2"),
    )


def _round_step(tallest: float) -> float:
    rough = tallest / 3
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * step for step in (1, 2, 5, 10) if size * step >= rough)


def _flag(label: str, tokens: int, level: float, *, limit: bool) -> Iterator[alt.Chart]:
    colour = theme.LIMIT if limit else theme.INK
    for tone, width in ((theme.PAPER, 3.5), (colour, 2 if limit else 1.2)):
        look = alt.MarkDef(type="rule", color=tone, strokeWidth=width)
        yield marked([{"x": tokens, "y": 0, "y2": level}], look, across(), upward(), alt.Y2("y2"))
    look = alt.MarkDef(
        type="text", align="right", dx=-5, dy=3, color=colour, fontSize=12, fontWeight="bold" if limit else "normal"
    )
    yield texts([{"x": tokens, "y": level, "text": label}], look)


def tails(summaries: Mapping[str, Summary], requests: int, target: float, limits: Mapping[str, int]) -> alt.LayerChart:
    """Which share of requests is at least so long, for input, output and both together, down to one request.

    Points are the minimum, the nearest-rank quantiles and the maximum; lines between them only guide the eye. `target`
    is the share that may be over a limit.
    """
    points = {name: list(_points(summary, requests)) for name, summary in summaries.items()}
    lengths = [length for path in points.values() for length, _ in path]
    domain = power_below(min(lengths)), power_above(max(*lengths, *limits.values()) * 1.05)
    floor = min(1 / requests, target) / 1.5
    layers = [_curves(points, domain, floor), *_target(target, domain)]
    if limits:
        layers.append(limit_lines({name: [(at, floor), (at, 1)] for name, at in limits.items()}, limits))
    return stacked(layers, theme.WIDTH, 280)


def _points(summary: Summary, requests: int) -> Iterator[tuple[float, float]]:
    """Lengths with the share of requests that are at least so long; quantiles only where one request is beyond."""
    yield max(1, summary.min), 1.0
    lengths = (summary.p50, summary.p90, summary.p95, summary.p99, summary.p99_9)
    for length, over in zip(lengths, OVER, strict=True):
        if over * requests >= 1:
            yield max(1, length), over
    yield max(1, summary.max), 1 / requests


def _curves(
    points: Mapping[str, Sequence[tuple[float, float]]], domain: tuple[float, float], floor: float
) -> alt.Chart:
    rows: list[Row] = [{"side": name, "x": x, "y": y} for name, path in points.items() for x, y in path]
    colours = alt.Scale(domain=list(points), range=[theme.ISL, theme.OSL, theme.TOTAL])
    shares = alt.Scale(type="log", domain=[floor, 1], nice=False)
    dots = alt.OverlayMarkDef(size=36, filled=True)
    return marked(
        rows,
        alt.MarkDef(type="line", point=dots, strokeWidth=2, clip=True),
        alt.X("x", type="quantitative", scale=tokens_scale(*domain), axis=tokens_axis("tokens (1k = 1,024)", *domain)),
        alt.Y("y", type="quantitative", scale=shares, axis=shares_axis("share of requests at least that long", floor)),
        alt.Color("side", type="nominal", scale=colours, legend=alt.Legend(title=None, orient="top")),
    )


def _target(target: float, domain: tuple[float, float]) -> Iterator[alt.Chart]:
    low, high = domain
    line = alt.MarkDef(type="rule", color=theme.MUTED, strokeWidth=1.2, strokeDash=[1, 3])
    yield marked([{"x": low, "x2": high, "y": target}], line, across(), alt.X2("x2"), upward())
    look = alt.MarkDef(type="text", align="left", dx=5, dy=-7, color=theme.MUTED, fontSize=12)
    yield texts([{"x": low, "y": target, "text": f"target: {share(target)} may be over"}], look)
