"""Single requests as they came, to be replayed."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from analyzer.replay import Recorded, Requests
from analyzer.window import Window

_QUARTER_US = 15 * 60 * 1_000_000  # no local day begins within one
Column = NDArray[np.int64]


def recorded(batches: Iterable[pa.RecordBatch], window: Window) -> Recorded:
    """The requests in the batches of arrivals.sql; about 100 bytes of memory each."""
    parts: dict[str, list[NDArray[np.integer]]] = {}
    left_out = 0
    for batch in batches:
        kept = batch.column("kept").to_numpy(zero_copy_only=False)
        left_out += int((~kept).sum())
        for name in ("arrival", "isl", "osl", "max_tokens", "cached", "ttft", "e2e"):
            parts.setdefault(name, []).append(batch.column(name).to_numpy(zero_copy_only=False)[kept])
    columns = {name: _joined(parts.pop(name, [])) for name in tuple(parts)} or _none()
    ttft, e2e = columns.pop("ttft"), columns.pop("e2e")
    arrival, osl = columns.pop("arrival"), columns["osl"]
    between = (ttft > 0) & (e2e >= ttft) & (osl > 1)
    return Recorded(
        requests=Requests(arrival, **columns),
        ttft_ms=np.where(ttft > 0, ttft / 1000, np.nan),
        itl_ms=np.where(between, (e2e - ttft) / np.maximum(osl - 1, 1) / 1000, np.nan),
        e2e_ms=np.where(e2e > 0, e2e / 1000, np.nan),
        day=_days(arrival, window),
        left_out=left_out,
    )


def _joined(parts: list[NDArray[np.integer]]) -> Column:
    return np.concatenate(parts).astype(np.int64, copy=False)


def _none() -> dict[str, Column]:
    return {name: np.zeros(0, np.int64) for name in ("arrival", "isl", "osl", "max_tokens", "cached", "ttft", "e2e")}


def _days(arrival: Column, window: Window) -> Column:
    """The number of the local day of each arrival, from zero."""
    quarters, place = np.unique(arrival // _QUARTER_US, return_inverse=True)
    days = np.array([window.local(int(quarter) * _QUARTER_US).toordinal() for quarter in quarters], np.int64)
    return (days - days.min())[place] if len(days) else days
