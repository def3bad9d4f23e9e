"""The ISL × OSL heat map: which lengths come together, and where the recommended limits cut."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import altair as alt

from analyzer.report import theme
from analyzer.report.axes import (
    Row,
    across,
    limit_lines,
    marked,
    power_above,
    stacked,
    texts,
    tokens_axis,
    tokens_scale,
    upward,
)
from analyzer.report.numbers import share
from analyzer.shape import Joint, QueryPatterns

HEIGHT = 420
BOUNDARIES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
LABELLED_FROM = 0.01
LETTER_WIDTH = 7  # pixels of a bold letter of the names, rounded up


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell that holds requests: its edges in tokens and its share of all requests."""

    isl: tuple[float, float]
    osl: tuple[float, float]
    share: float

    @property
    def step(self) -> int:
        """The colour's place in the ramp."""
        return sum(self.share > boundary for boundary in BOUNDARIES)


@dataclass(frozen=True, slots=True)
class _Ground:
    """The part of the plane that is drawn, from and to in tokens; a free row below and above takes the names."""

    isl: tuple[float, float]
    osl: tuple[float, float]


def chart(joint: Joint, patterns: QueryPatterns, limits: Mapping[str, int]) -> alt.VConcatChart:
    """Cells coloured by their share on a logarithmic scale, the four query patterns, and the recommended limits.

    Both axes are in tokens and logarithmic to base two. `limits` holds the tokens of each known limit by its engine
    name (`max_input_len`, `max_output_len`, `max_seq_len`). The joint distribution holds at least one request.
    """
    cells = tuple(_cells(joint))
    ground = _ground(cells, limits)
    layers = [_tiles(cells, ground), *_numbers(cells), *_thresholds(patterns, ground)]
    if limits:
        layers.append(limit_lines({name: _path(name, tokens, ground) for name, tokens in limits.items()}, limits))
    plane = stacked([*layers, *_names(patterns, ground)], theme.WIDTH, HEIGHT)
    both: alt.VConcatChart = alt.vconcat(_key(), plane, spacing=24).resolve_scale(
        x="independent", y="independent", color="independent"
    )
    return both


def _cells(joint: Joint) -> Iterator[_Cell]:
    total = sum(map(sum, joint.counts))
    for isl, row in zip(joint.isl_edges, joint.counts, strict=True):
        for osl, count in zip(joint.osl_edges, row, strict=True):
            if count:
                yield _Cell((isl / 2, isl), (osl / 2, osl), count / total)


def _ground(cells: tuple[_Cell, ...], limits: Mapping[str, int]) -> _Ground:
    inputs = [tokens for name, tokens in limits.items() if name != "max_output_len"]
    outputs = [tokens for name, tokens in limits.items() if name == "max_output_len"]
    return _Ground(
        isl=(min(cell.isl[0] for cell in cells), power_above(max(*inputs, *(cell.isl[1] for cell in cells), 2))),
        osl=(
            min(cell.osl[0] for cell in cells) / 2,
            power_above(max(*outputs, *(cell.osl[1] for cell in cells), 2)) * 2,
        ),
    )


def _key() -> alt.LayerChart:
    """The colours' key: a strip of steps with the share at each boundary that is a power of ten."""
    steps: list[Row] = [{"x": place, "x2": place + 1, "colour": colour} for place, colour in enumerate(theme.RAMP)]
    ticks: list[Row] = [
        {"x": place + 1, "text": share(boundary)} for place, boundary in enumerate(BOUNDARIES) if place % 2 == 0
    ]
    strip = alt.X("x", type="quantitative", scale=alt.Scale(domain=[0, len(steps)], nice=False), axis=None)
    colour = alt.Color("colour", type="nominal", scale=None)
    text = alt.Text("text", type="nominal")
    labels = alt.MarkDef(type="text", dy=16, fontSize=11.5, color=theme.MUTED)
    title = alt.MarkDef(type="text", dy=-14, align="left", fontSize=12.5, color=theme.INK)
    return stacked(
        [
            marked(steps, alt.MarkDef(type="rect", stroke=theme.PAPER), strip, alt.X2("x2"), colour),
            marked(ticks, labels, strip, text),
            marked([{"x": 0, "text": "share of requests in a cell (empty: none)"}], title, strip, text),
        ],
        width=360,
        height=12,
    )


def _tiles(cells: tuple[_Cell, ...], ground: _Ground) -> alt.Chart:
    rows: list[Row] = [
        {"x": c.isl[0], "x2": c.isl[1], "y": c.osl[0], "y2": c.osl[1], "colour": theme.RAMP[c.step]} for c in cells
    ]
    isl = tokens_axis("ISL: input tokens of a request (1k = 1,024)", *ground.isl, line=False)
    osl = tokens_axis("OSL: output tokens", ground.osl[0] * 2, ground.osl[1] / 2, line=False)
    return marked(
        rows,
        alt.MarkDef(type="rect", stroke=theme.PAPER, strokeWidth=1),
        alt.X("x", type="quantitative", scale=tokens_scale(*ground.isl), axis=isl),
        alt.X2("x2"),
        alt.Y("y", type="quantitative", scale=tokens_scale(*ground.osl), axis=osl),
        alt.Y2("y2"),
        alt.Color("colour", type="nominal", scale=None),
    )


def _numbers(cells: tuple[_Cell, ...]) -> Iterator[alt.Chart]:
    """The share in whole per cent, written into each cell that holds one or more."""
    for ink, deep in ((theme.ON_PALE, False), (theme.ON_DEEP, True)):
        rows: list[Row] = [
            {"x": (c.isl[0] * c.isl[1]) ** 0.5, "y": (c.osl[0] * c.osl[1]) ** 0.5, "text": share(round(c.share, 2))}
            for c in cells
            if c.share >= LABELLED_FROM and (c.step >= len(theme.RAMP) // 2) == deep
        ]
        if rows:
            yield texts(rows, alt.MarkDef(type="text", fontSize=11, color=ink))


def _thresholds(patterns: QueryPatterns, ground: _Ground) -> Iterator[alt.Chart]:
    rows: list[Row] = [
        {"x": patterns.isl_threshold, "x2": patterns.isl_threshold, "y": ground.osl[0], "y2": ground.osl[1]},
        {"x": ground.isl[0], "x2": ground.isl[1], "y": patterns.osl_threshold, "y2": patterns.osl_threshold},
    ]
    for look in (
        alt.MarkDef(type="rule", color=theme.PAPER, strokeWidth=2.5, clip=True),
        alt.MarkDef(type="rule", color=theme.INK, strokeWidth=1.2, strokeDash=[1, 3], clip=True),
    ):
        yield marked(rows, look, across(), alt.X2("x2"), upward(), alt.Y2("y2"))


def _path(name: str, tokens: int, ground: _Ground) -> list[tuple[float, float]]:
    """Where a limit runs: upright for the input, level for the output, bent for their sum."""
    if name == "max_input_len":
        return [(tokens, ground.osl[0]), (tokens, ground.osl[1])]
    if name == "max_output_len":
        return [(ground.isl[0], tokens), (ground.isl[1], tokens)]
    (low, high), steps = ground.osl, 120
    outputs = [low * (high / low) ** (step / steps) for step in range(steps + 1)]
    bend = [(tokens - output, output) for output in outputs if tokens - output >= ground.isl[0]]
    return [*bend, (ground.isl[0], tokens - ground.isl[0])] if tokens - ground.isl[0] < high else bend


def _names(patterns: QueryPatterns, ground: _Ground) -> Iterator[alt.Chart]:
    """The name and share of each query pattern in its corner, on a ground that keeps lines from running through it."""
    (left, right), (bottom, top) = ground.isl, ground.osl
    corners: tuple[tuple[float, float, Literal["left", "right"], float, str], ...] = (
        (left, top, "left", 16, f"short in, long out {share(patterns.short_long)}"),
        (right, top, "right", 16, f"long in, long out {share(patterns.long_long)}"),
        (left, bottom, "left", -9, f"short in, short out {share(patterns.short_short)}"),
        (right, bottom, "right", -9, f"long in, short out {share(patterns.long_short)}"),
    )
    for x, y, align, down, text in corners:
        side = 1 if align == "left" else -1
        wide = LETTER_WIDTH * len(text)
        ground_of_name = alt.MarkDef(
            type="rect", width=wide, height=18, xOffset=side * (4 + wide / 2), yOffset=down - 4, color=theme.PAPER
        )
        yield marked([{"x": x, "y": y}], ground_of_name, across(), upward())
        look = alt.MarkDef(
            type="text",
            align=align,
            dx=6 * side,
            dy=down,
            fontSize=12.5,
            fontWeight="bold",
            baseline="alphabetic",
            color=theme.INK,
        )
        yield texts([{"x": x, "y": y, "text": text}], look)
