"""Recorded requests, summed up by DuckDB into hours of traffic."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.histogram import IntArray, Quantiles, interpolated
from analyzer.shape import ITL_BOUNDS_MS, Caller, HourlyShape, Latency, Prefix, Refusals, Thresholds, Traffic
from analyzer.store.columns import hourly_shapes
from analyzer.store.files import Found
from analyzer.store.remote import Bucket
from analyzer.window import Window, hour_phases, microseconds

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """First and last arrival of a model in microseconds since the epoch, and how many of its rows count.

    `model` is `None` for the rows that name none.
    """

    model: str | None
    first: int
    last: int
    requests: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a window holds: the traffic of each model that has any, and the rows set aside by reason."""

    traffic: Mapping[str, Traffic]
    set_aside: Mapping[str, int]


class Records:
    """Readable record files behind one DuckDB connection; make it with `opened`."""

    __slots__ = ("_connection", "unreadable")

    def __init__(self, connection: duckdb.DuckDBPyConnection, unreadable: tuple[UnreadableFile, ...]) -> None:
        """`connection` has the view `requests`; `unreadable` are all files that are not behind it."""
        self._connection = connection
        self.unreadable = unreadable

    def spans(self) -> tuple[Span, ...]:
        """What time each model's records span, over everything recorded."""
        return tuple(Span(*row) for row in self._connection.execute(_query("spans")).fetchall())

    def read(self, window: Window, models: Sequence[str], thresholds: Thresholds) -> Reading:
        """The traffic of `models` inside `window`, with long requests counted by `thresholds`."""
        names = sorted(models)
        self._choose(window, names, thresholds)
        latency, timed = self._latency()
        shapes = self._shapes(ended=any("e2e_ms" in measures for measures in timed.values()))
        callers, peak_callers = self._callers("callers"), self._callers("peak_callers")
        prefixes, refusals = self._prefixes(), self._refusals()
        traffic = {
            names[number]: Traffic(
                hours=hours,
                callers=tuple(callers.get(number, ())),
                peak_caller=next(iter(peak_callers.get(number, ())), None),
                latency=latency.get(number),
                timed=timed.get(number, {}),
                prefix=prefixes.get(number),
                refusals=refusals.get(number),
            )
            for number, hours in shapes.items()
        }
        return Reading(traffic, dict(self._connection.execute(_query("set_aside")).fetchall()))

    def hours(
        self, window: Window, models: Sequence[str], thresholds: Thresholds
    ) -> Mapping[str, tuple[HourlyShape, ...]]:
        """Only the hours of `models` inside `window`, without what is said about requests in flight."""
        names = sorted(models)
        self._choose(window, names, thresholds)
        return {names[number]: shapes for number, shapes in self._shapes(ended=False).items()}

    def _shapes(self, *, ended: bool) -> dict[int, tuple[HourlyShape, ...]]:
        """The chosen hours by number of the model; `ended` says whether any end of a request is recorded."""
        return hourly_shapes(
            hours=self._columns("hours"),
            lengths=self._columns("lengths"),
            grid=self._columns("grid"),
            seconds=self._bins(1),
            tens=self._bins(10),
            by_minute=self._columns("by_minute"),
            in_flight=self._columns("in_flight") if ended else None,
        )

    def _choose(self, window: Window, names: Sequence[str], thresholds: Thresholds) -> None:
        """Put the window, the models and the thresholds where the queries find them."""
        run = self._connection.execute
        run("CREATE OR REPLACE TEMP TABLE models (name VARCHAR, number INTEGER)")
        run("CREATE OR REPLACE TEMP TABLE phases (since BIGINT, phase BIGINT)")
        for number, name in enumerate(names):
            run("INSERT INTO models VALUES (?, ?)", [name, number])
        for since, phase in hour_phases(window):
            run("INSERT INTO phases VALUES (?, ?)", [since, phase])
        self._set("window_start", microseconds(window.start))
        self._set("window_end", microseconds(window.end))
        self._set("long_isl", thresholds.isl)
        self._set("long_osl", thresholds.osl)
        self._set("itl_buckets", len(ITL_BOUNDS_MS) + 1)
        run(_query("traffic"))
        run(_query("seconds"))

    def _set(self, variable: str, value: int) -> None:
        self._connection.execute(f"SET VARIABLE {variable} = {value:d}::BIGINT")

    def _columns(self, table: str) -> Mapping[str, IntArray]:
        columns: Mapping[str, IntArray] = self._connection.execute(_query(table)).fetchnumpy()
        return columns

    def _bins(self, width: int) -> Mapping[str, IntArray]:
        self._set("bin_width", width)
        return self._columns("bins")

    def _callers(self, table: str) -> dict[int, list[Caller]]:
        callers: dict[int, list[Caller]] = {}
        for number, client, requests in self._connection.execute(_query(table)).fetchall():
            callers.setdefault(number, []).append(Caller(client, requests))
        return callers

    def _prefixes(self) -> dict[int, Prefix]:
        rows = self._connection.execute(_query("prefixes")).fetchall()
        return {number: Prefix(blocks, (blocks - different) / blocks) for number, blocks, different in rows}

    def _refusals(self) -> dict[int, Refusals]:
        rows = self._connection.execute(_query("refusals")).fetchall()
        return {number: Refusals(refused, named, longer) for number, refused, named, longer in rows}

    def _latency(self) -> tuple[dict[int, Latency], dict[int, dict[str, int]]]:
        """Latency and the requests behind it, by number of the model; models without a recorded time are left out."""
        measured: dict[int, dict[str, Quantiles]] = {}
        timed: dict[int, dict[str, int]] = {}
        for number, measure, values, requests in self._connection.execute(_query("latency")).fetchall():
            timed.setdefault(number, {})[measure] = requests
            measured.setdefault(number, {})[measure] = Quantiles(*(value / 1000 for value in values))
        buckets: dict[int, list[int]] = {}
        for number, bucket, tokens, requests in self._connection.execute(_query("itl")).fetchall():
            timed.setdefault(number, {})["itl_ms"] = requests
            buckets.setdefault(number, [0] * (len(ITL_BOUNDS_MS) + 1))[bucket - 1] = tokens
        for number, counts in buckets.items():
            if any(counts):
                measured.setdefault(number, {})["itl_ms"] = interpolated(ITL_BOUNDS_MS, counts)
        names = ("ttft_ms", "tpot_ms", "e2e_ms", "itl_ms")
        return {n: Latency(*(found.get(name) for name in names)) for n, found in measured.items()}, timed


@contextmanager
def opened(found: Found, memory_limit: str = "2GB", now: int | None = None) -> Iterator[Records]:
    """The records in the readable files of `found`; files that turn out to be damaged join the unreadable ones.

    Requests more than a day after `now` (microseconds since the epoch) are set aside where it is given. `memory_limit`
    is DuckDB's; what does not fit goes to a temporary folder that is removed at the end.
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
        damaged = _damaged(connection, [*files])
        if damaged:
            names = {file.path for file in damaged}
            _view(connection, [path for path in files if str(path) not in names])
        named = [UnreadableFile(files[Path(file.path)], file.reason) for file in damaged]
        yield Records(connection, (*found.unreadable, *lost, *named))


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


def _damaged(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> tuple[UnreadableFile, ...]:
    """The files whose end is fine and whose inside is not; all are read at once, one by one only if that fails."""
    if _failure(connection, files) is None:
        return ()
    failures = {path: _failure(connection, [path]) for path in files}
    return tuple(UnreadableFile(str(path), f"it is damaged ({why})") for path, why in failures.items() if why)


def _failure(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str | None:
    try:
        _view(connection, files)
        connection.execute(_query("probe")).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None


def _view(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Let `requests` be the rows of `files`."""
    if files:
        paths = [str(path) for path in files]
        records = connection.read_parquet(paths, union_by_name=True, hive_partitioning=False)
    else:
        records = connection.sql(_query("no_records"))
    records.create_view("records", replace=True)
    connection.execute(_query("requests"))


def _query(table: str) -> str:
    return resources.files("analyzer").joinpath("sql", f"{table}.sql").read_text(encoding="utf-8")
