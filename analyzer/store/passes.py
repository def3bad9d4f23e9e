"""One pass over the traffic in batches of columns: hours, levels in flight and times of every model at once."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyzer.histogram import Quantiles
from analyzer.shape import HourlyShape
from analyzer.store.counting import Columns, Hours, cuts
from analyzer.store.in_flight import Levels
from analyzer.store.times import MEASURES, Ranges

Batches = Iterable[pa.RecordBatch]
Phases = Sequence[tuple[int, int]]
Shapes = dict[int, tuple[HourlyShape, ...]]  # by number of the model
Times = dict[int, dict[str, tuple[Quantiles, int]]]  # by number of the model and name of the time


def counted(batches: Batches, phases: Phases, kept: Mapping[int, Hours] | None = None) -> Shapes:
    """The hours of each model by its number, from the columns of counted.sql; nothing is said of requests in flight.

    `kept` are hours that are counted already, which are given away.
    """
    hours = filled(batches, phases, kept or {})
    return {model: hours[model].shapes({}) for model in sorted(hours) if hours[model].starts}


def filled(batches: Batches, phases: Phases, kept: Mapping[int, Hours]) -> dict[int, Hours]:
    """The same before it becomes shapes."""
    hours = dict(kept)
    for model, columns in _by_model(batches):
        hours.setdefault(model, Hours(phases)).add(_sorted(columns))
    return hours


def timed(batches: Batches, again: Callable[[], Batches], phases: Phases, file: IO[bytes]) -> tuple[Shapes, Times]:
    """The same from the columns of timed.sql, and the quantiles of each time of each model with the requests behind it.

    `again` gives the batches of times.sql, and `file` is a temporary one. While the database reads those, the hours are
    made ready beside it.
    """
    hours: dict[int, Hours] = {}
    levels: dict[int, Levels] = {}
    ranges: dict[int, dict[str, Ranges]] = {}
    for model, columns in _by_model(batches):
        ordered = _sorted(columns)
        hours.setdefault(model, Hours(phases)).add(ordered)
        levels.setdefault(model, Levels(file, phases)).add(ordered["arrival"], ordered["lasted"])
        for measure, found in ranges.setdefault(model, {name: Ranges() for name in MEASURES}).items():
            found.count(columns[measure])

    def ready() -> Shapes:
        return {model: hours[model].shapes(levels[model].by_hour(hours[model].starts)) for model in sorted(hours)}

    with ThreadPoolExecutor(max_workers=1) as beside:
        shapes = beside.submit(ready)
        times = _quantiles(again, ranges)
        return shapes.result(), times


def _quantiles(again: Callable[[], Batches], ranges: Mapping[int, Mapping[str, Ranges]]) -> Times:
    """The quantiles of each time of each model that has any."""
    every = [found for measures in ranges.values() for found in measures.values()]
    for found in every:
        found.choose()
    if any(found.total for found in every):
        for model, columns in _by_model(again()):
            for measure, found in ranges[model].items():
                found.keep(columns[measure])
    answers: Times = {}
    for model, measures in ranges.items():
        for measure, found in measures.items():
            answer = found.quantiles()
            if answer is not None:
                answers.setdefault(model, {})[measure] = answer, found.total
    return answers


def _ahead(batches: Batches) -> Iterator[pa.RecordBatch]:
    """The same batches; the database makes the next one while the last one is counted."""
    source = iter(batches)
    with ThreadPoolExecutor(max_workers=1) as beside:
        coming = beside.submit(next, source, None)
        while (batch := coming.result()) is not None:
            coming = beside.submit(next, source, None)
            yield batch


def _by_model(batches: Batches) -> Iterator[tuple[int, Columns]]:
    """The rows of each model of each batch."""
    for batch in _ahead(batches):
        columns = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
        model = columns.pop("model")
        if not len(model):
            continue
        if (model == model[0]).all():
            yield int(model[0]), columns
            continue
        order = np.argsort(model.astype(np.int16 if model.max() < 2**15 else np.int32), kind="stable")
        ordered = model[order]
        for cut in cuts(ordered):
            yield int(ordered[cut.start]), _taken(columns, order[cut])


def _sorted(columns: Columns) -> Columns:
    """The same rows by arrival."""
    arrival = columns["arrival"]
    if (arrival[1:] >= arrival[:-1]).all():
        return columns
    return _taken(columns, np.argsort(arrival, kind="stable"))


def _taken(columns: Columns, order: NDArray[np.int64]) -> Columns:
    return {name: column.take(order) for name, column in columns.items()}
