"""Columns of counts, as the queries yield them, cut into the shapes of single hours."""

from collections.abc import Mapping

import numpy as np

from analyzer.histogram import Histogram, IntArray
from analyzer.shape import Endings, HourlyShape, Patterns, Peak

Columns = Mapping[str, IntArray]
Place = tuple[int, int]  # number of the model, start of the hour

_NONE = Histogram.of(())
KINDS = ("short_short", "short_long", "long_short", "long_long")
ENDINGS = ("cut_by_length", "reason_known", "not_completed", "at_own_limit")
SIDES = ("isl", "osl", "total", "asked", "max_tokens")


def hourly_shapes(
    *,
    hours: Columns,
    lengths: Columns,
    grid: Columns,
    seconds: Columns,
    tens: Columns,
    by_minute: Columns,
    in_flight: Columns | None,
) -> dict[int, tuple[HourlyShape, ...]]:
    """The hours of each model, ascending, by number of the model; every table is sorted by model, hour and value."""
    by_side = {name: _histograms(_rows(lengths, lengths["side"] == side)) for side, name in enumerate(SIDES)}
    cells, second_counts, ten_counts = _histograms(grid), _histograms(seconds), _histograms(tens)
    minutes, levels, peaks = _histograms(by_minute), _histograms(in_flight or {}), _peaks(seconds)
    shapes: dict[int, list[HourlyShape]] = {}
    for row in zip(*(hours[name].tolist() for name in hours), strict=True):
        values: dict[str, int] = dict(zip(hours, row, strict=True))
        place = values["model"], values["hour"]
        shapes.setdefault(values["model"], []).append(
            HourlyShape(
                start=values["hour"],
                requests=values["requests"],
                first=values["first"],
                last=values["last"],
                isl=by_side["isl"][place],
                osl=by_side["osl"][place],
                total=by_side["total"][place],
                asked=by_side["asked"].get(place, _NONE),
                max_tokens=by_side["max_tokens"].get(place, _NONE),
                grid=cells[place],
                seconds=second_counts[place],
                tens=ten_counts[place],
                by_minute=minutes[place],
                in_flight=levels.get(place, _NONE),
                peak_second=peaks[place],
                patterns=Patterns(*(values[name] for name in KINDS)),
                endings=Endings(*(values[name] for name in ENDINGS)),
            )
        )
    return {number: tuple(found) for number, found in shapes.items()}


def _rows(columns: Columns, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Columns:
    return {name: column[chosen] for name, column in columns.items()}


def _cuts(columns: Columns) -> dict[Place, slice]:
    """Where the rows of each model and hour lie."""
    model, hour = columns["model"], columns["hour"]
    if not len(model):
        return {}
    starts = np.flatnonzero(np.r_[True, (model[1:] != model[:-1]) | (hour[1:] != hour[:-1])])
    ends = np.r_[starts[1:], len(model)]
    return {(int(model[a]), int(hour[a])): slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)}


def _histograms(columns: Columns) -> dict[Place, Histogram]:
    if not columns:
        return {}
    values, counts = (columns[name].astype(np.int64, copy=False) for name in ("value", "requests"))
    return {place: Histogram(values[cut], counts[cut]) for place, cut in _cuts(columns).items()}


def _peaks(columns: Columns) -> dict[Place, Peak]:
    """The last row of each hour is its fullest bin."""
    return {
        place: Peak(int(columns["value"][cut][-1]), int(columns["first_at"][cut][-1]))
        for place, cut in _cuts(columns).items()
    }
