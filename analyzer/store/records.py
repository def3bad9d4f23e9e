"""Recorded requests, summed up by DuckDB into hours of traffic."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from analyzer.advise.sizing.sample import Sample
from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.histogram import interpolated
from analyzer.replay import Recorded
from analyzer.shape import (
    ITL_BOUNDS_MS,
    MINUTE_US,
    Caller,
    HourlyShape,
    Latency,
    Prefix,
    Refusals,
    Thresholds,
    Traffic,
    highest,
)
from analyzer.store import passes
from analyzer.store.arrivals import recorded
from analyzer.store.counting import Hours
from analyzer.store.files import Found
from analyzer.store.holding import Holding, held
from analyzer.store.passes import Shapes, Times
from analyzer.store.queries import query
from analyzer.store.remote import Bucket
from analyzer.store.rollups import WHOLE_HOURS, Rollups
from analyzer.store.sample import sample
from analyzer.store.survey import Span
from analyzer.store.timings import timings
from analyzer.throughput.timings import Timings
from analyzer.window import HOUR_US, Window, hour_phases, microseconds

DAY_US = 86_400_000_000
BATCH_ROWS = 1 << 18
CALLERS = 10
TIMED_REQUESTS = 50_000  # what a live fit needs at most; every load is among them


@dataclass(frozen=True, slots=True)
class Reading:
    """What a window holds: the traffic of each model that has any, and the rows set aside by reason."""

    traffic: Mapping[str, Traffic]
    set_aside: Mapping[str, int]


class Records:
    """Readable record files behind one DuckDB connection; make it with `opened`."""

    __slots__ = ("_connection", "_holding", "_spill", "_survey", "unreadable")

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        holding: Holding,
        spill: Path,
        unreadable: tuple[UnreadableFile, ...],
    ) -> None:
        """`holding` is what can be read through `connection`, `spill` a folder for what does not fit into memory.

        `unreadable` are all files that are not in it.
        """
        self._connection = connection
        self._holding = holding
        self._survey = holding.survey
        self._spill = spill
        self.unreadable = unreadable

    def spans(self) -> tuple[Span, ...]:
        """What time each model's records span, over everything recorded."""
        return self._survey.spans

    def read(self, window: Window, models: Sequence[str], thresholds: Thresholds) -> Reading:
        """The traffic of `models` inside `window`, with long requests counted by `thresholds`."""
        names = sorted(models)
        self._holding.show(self._connection, microseconds(window.start), microseconds(window.end))
        self._choose(window, names, thresholds)
        shapes, times = self._counted(window)
        self._remember(shapes)
        latency, timed = self._latency(times)
        callers, peak_callers = self._callers()
        prefixes, refusals = self._prefixes(), self._refusals()
        traffic = {
            names[number]: Traffic(
                hours=hours,
                callers=tuple(callers.get(number, ())),
                peak_caller=peak_callers.get(number),
                latency=latency.get(number),
                timed=timed.get(number, {}),
                prefix=prefixes.get(number),
                refusals=refusals.get(number),
            )
            for number, hours in shapes.items()
        }
        return Reading(traffic, self._aside())

    def hours(
        self, window: Window, models: Sequence[str], thresholds: Thresholds
    ) -> Mapping[str, tuple[HourlyShape, ...]]:
        """Only the hours of `models` inside `window`, without what is said about requests in flight."""
        names, start, end = sorted(models), microseconds(window.start), microseconds(window.end)
        phases, hours = hour_phases(window), {name: Hours(hour_phases(window)) for name in names}
        if phases == WHOLE_HOURS and start % HOUR_US == end % HOUR_US == 0:
            self._holding.show(self._connection, end, end)
            for rolled in self._holding.rolled:
                rolled.fill(hours, start, end)
        else:
            self._holding.show(self._connection, start, end)
        self._choose(window, names, thresholds)
        shapes = passes.counted(self._batches("counted"), phases, dict(enumerate(hours.values())))
        return {names[number]: one for number, one in shapes.items()}

    def timings(self, window: Window, model: str, most: int = TIMED_REQUESTS) -> Timings | None:
        """What single requests of `model` inside `window` took, of about `most` of them; `None` without any time."""
        if not self._survey.times:
            return None
        self._holding.show(self._connection, microseconds(window.start), microseconds(window.end))
        self._choose(window, [model], Thresholds())
        return timings(self._connection, 0, most)

    def arrivals(self, window: Window, model: str) -> Recorded:
        """Every request of `model` inside `window` as it came."""
        self._holding.show(self._connection, microseconds(window.start), microseconds(window.end))
        self._choose(window, [model], Thresholds())
        return recorded(self._batches("arrivals"), window)

    def sample(self, window: Window, model: str, one_in: int) -> Sample:
        """One in `one_in` of the requests of `model` inside `window`, evenly taken and the same ones every time."""
        self._holding.show(self._connection, microseconds(window.start), microseconds(window.end))
        self._choose(window, [model], Thresholds())
        self._set("one_in", one_in)
        return sample(self._batches("sample"), one_in)

    def _counted(self, window: Window) -> tuple[Shapes, Times]:
        """The chosen hours, and quantiles of times with the requests behind them, by number of the model."""
        if not self._survey.times:
            return passes.counted(self._batches("counted"), hour_phases(window)), {}
        with tempfile.TemporaryFile(dir=self._spill) as file:
            return passes.timed(self._batches("timed"), lambda: self._batches("times"), hour_phases(window), file)

    def _batches(self, table: str) -> pa.RecordBatchReader:
        return self._connection.sql(query(table)).to_arrow_reader(BATCH_ROWS)

    def _choose(self, window: Window, names: Sequence[str], thresholds: Thresholds) -> None:
        """Put the window, the models and the thresholds where the queries find them."""
        run = self._connection.execute
        run(query("models"))
        for number, name in enumerate(names):
            run("INSERT INTO models VALUES (?, ?, NULL, NULL)", [name, number])
        self._set("window_start", microseconds(window.start))
        self._set("window_end", microseconds(window.end))
        self._set("long_isl", thresholds.isl)
        self._set("long_osl", thresholds.osl)
        self._set("itl_buckets", len(ITL_BOUNDS_MS) + 1)
        run(query("traffic"))

    def _remember(self, shapes: Shapes) -> None:
        """Tell the queries that follow what the hours say about each model."""
        for number, hours in shapes.items():
            minute = highest([hour.peak_minute for hour in hours]).at // MINUTE_US
            longest = max(int(hour.isl.values[-1]) for hour in hours)
            self._connection.execute(
                "UPDATE models SET fullest_minute = ?, longest_isl = ? WHERE number = ?", [minute, longest, number]
            )

    def _set(self, variable: str, value: int) -> None:
        self._connection.execute(f"SET VARIABLE {variable} = {value:d}::BIGINT")

    def _rows(self, table: str) -> list[Any]:
        return self._connection.execute(query(table)).fetchall()

    def _aside(self) -> dict[str, int]:
        return dict(self._rows("set_aside")) if self._survey.aside else {}

    def _callers(self) -> tuple[dict[int, list[Caller]], dict[int, Caller]]:
        """The ten largest callers of each model, and the largest of its fullest minute."""
        callers: dict[int, list[Caller]] = {}
        peaks: dict[int, Caller] = {}
        for number, client, requests, in_peak in self._rows("callers") if self._survey.named else ():
            callers.setdefault(number, []).append(Caller(client, requests))
            best = peaks.get(number, Caller(client, 0))
            if in_peak and (-in_peak, client) < (-best.requests, best.client_id):
                peaks[number] = Caller(client, in_peak)
        return {number: found[:CALLERS] for number, found in callers.items()}, peaks

    def _prefixes(self) -> dict[int, Prefix]:
        rows = self._rows("prefixes") if self._survey.blocks else ()
        return {number: Prefix(blocks, (blocks - different) / blocks) for number, blocks, different in rows}

    def _refusals(self) -> dict[int, Refusals]:
        rows = self._rows("refusals") if self._survey.refused else ()
        return {number: Refusals(refused, named, longer) for number, refused, named, longer in rows}

    def _latency(self, times: Times) -> tuple[dict[int, Latency], dict[int, dict[str, int]]]:
        """Latency and the requests behind it, by number of the model; models without a recorded time are left out."""
        measured = {n: {name: quantiles for name, (quantiles, _) in found.items()} for n, found in times.items()}
        timed = {n: {name: requests for name, (_, requests) in found.items()} for n, found in times.items()}
        buckets: dict[int, list[int]] = {}
        for number, bucket, tokens, requests in self._rows("itl") if self._survey.gaps else ():
            timed.setdefault(number, {})["itl_ms"] = requests
            buckets.setdefault(number, [0] * (len(ITL_BOUNDS_MS) + 1))[bucket - 1] = tokens
        for number, counts in buckets.items():
            if any(counts):
                measured.setdefault(number, {})["itl_ms"] = interpolated(ITL_BOUNDS_MS, counts)
        names = ("ttft_ms", "tpot_ms", "e2e_ms", "itl_ms")
        return {n: Latency(*(found.get(name) for name in names)) for n, found in measured.items()}, timed


@contextmanager
def opened(
    found: Found, memory_limit: str = "2GB", now: int | None = None, rollups: Rollups | None = None
) -> Iterator[Records]:
    """The records in the readable files of `found`; files that turn out to be damaged join the unreadable ones.

    Requests more than a day after `now` (microseconds since the epoch) are set aside where it is given. `memory_limit`
    is DuckDB's; what does not fit goes to a temporary folder that is removed at the end. `rollups` are kept for local
    files whose hours are over.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tokentide-") as spill,
        duckdb.connect(config={"memory_limit": memory_limit, "temp_directory": spill}) as connection,
    ):
        connection.execute("SET enable_progress_bar = false")  # it would draw into a pipe as well
        connection.execute("SET TimeZone = 'UTC'")  # times without a zone are taken as UTC
        if now is not None:
            connection.execute(f"SET VARIABLE latest = {now + DAY_US:d}::BIGINT")
        connection.execute("SET parquet_metadata_cache = true")  # halves the time where there are thousands of files
        files, lost = _fetched(found, Path(spill))
        damaged, holding = held(connection, files, found.readable, rollups)
        named = [UnreadableFile(files[Path(file.path)], file.reason) for file in damaged]
        yield Records(connection, holding, Path(spill), (*found.unreadable, *lost, *named))


def _fetched(found: Found, folder: Path) -> tuple[dict[Path, str], tuple[UnreadableFile, ...]]:
    """The readable files with the names that the user knows, remote ones copied to `folder`; and those that failed."""
    files = {path: str(path) for path in found.readable}
    lost: list[UnreadableFile] = []
    bucket = Bucket() if found.remote else None
    for url in found.remote:
        try:
            if bucket is not None:
                files[bucket.fetch(url, folder)] = url
        except UnreadableRecords as error:
            lost.extend(error.files)
    return files, tuple(lost)
