"""Single requests with what they took, from as many stretches of time as are needed."""

from collections.abc import Sequence

import duckdb
import numpy as np
import pyarrow as pa

from analyzer.store.queries import query
from analyzer.throughput.timings import Timings

Stretch = tuple[int, int, int]  # ten minutes since the epoch, requests in it, those of them with times


def timings(connection: duckdb.DuckDBPyConnection, number: int, most: int) -> Timings | None:
    """The timings of the model with this number behind the view `traffic`; `None` where no request has any.

    Where there are more than `most` requests, whole stretches of ten minutes are taken, from empty ones to full ones in
    even steps, so that every load is among them; the stretches before and after each come along, not counted.
    """
    found = [row[1:] for row in connection.execute(query("stretches")).fetchall() if row[0] == number]
    if not any(timed for _, _, timed in found):
        return None
    chosen = choose([(int(at), int(requests), int(timed)) for at, requests, timed in found], most)
    beside = sorted({at + shift for at in chosen for shift in (-1, 0, 1)})
    for variable, stretches in (("stretches", chosen), ("beside", beside)):
        connection.execute(f"SET VARIABLE {variable} = {list(map(int, stretches))!r}::BIGINT[]")
    connection.execute(f"SET VARIABLE model = {number:d}")
    rows = connection.sql(query("timings")).to_arrow_table()
    return _timings(rows, sum(requests for _, requests, _ in found))


def choose(stretches: Sequence[Stretch], most: int) -> list[int]:
    """Which stretches to take for about `most` requests, at least one; all where they hold no more."""
    known = sorted((requests, at) for at, requests, timed in stretches if timed)
    every = sum(requests for requests, _ in known)
    if every <= most:
        return sorted(at for _, at in known)
    share = max(1, int(len(known) * most / every))
    places = np.unique(np.linspace(0, len(known) - 1, share + 1).round().astype(int)[1:])
    return sorted(known[place][1] for place in places)


def _timings(rows: pa.Table, requests: int) -> Timings:
    def ints(name: str) -> np.ndarray:
        return np.asarray(rows.column(name).to_numpy()).astype(np.int64)

    def bools(name: str) -> np.ndarray:
        return np.asarray(rows.column(name).to_numpy(zero_copy_only=False)).astype(np.bool_)

    return Timings(
        arrival_us=ints("arrival"),
        isl=ints("isl"),
        cached=ints("cached"),
        osl=ints("osl"),
        ttft_us=ints("ttft"),
        e2e_us=ints("lasted"),
        completed=bools("completed"),
        counted=bools("counted"),
        engine=ints("engine"),
        requests=requests,
        max_tokens=ints("max_tokens"),
    )
