"""Rows that cannot be a request are set aside, each with its reason."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from exporter.record import REQUIRED_COLUMNS

EARLIEST_US = 946_684_800_000_000  # 2000-01-01
LATEST_US = 4_102_444_800_000_000  # 2100-01-01
DAY_US = 86_400_000_000
MOST_TOKENS = 1 << 24
COUNTS = ("input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Checked:
    """The rows that can be requests, and how many others there were by reason."""

    rows: pa.Table
    set_aside: dict[str, int]


def checked(rows: pa.Table, now: int) -> Checked:
    """`rows` without those that the analyzer could not count, with the reasons that it would give for them.

    `now` is in microseconds since the epoch: a request more than a day later has not happened. Absurd is a time before
    2000 or after 2100, as wrong units give, and a count above 2^24 tokens. A row has one reason, the first that holds.
    """
    rows = _complete(rows)
    at = rows.column("timestamp").cast(pa.int64())
    reasons = {
        "no_timestamp": pc.is_null(at),
        "absurd_timestamp": pc.or_(pc.less(at, EARLIEST_US), pc.greater_equal(at, LATEST_US)),
        "future_timestamp": pc.greater(at, now + DAY_US),
        "no_model": pc.is_null(rows.column("model")),
        **{f"no_{name}": pc.is_null(rows.column(name)) for name in COUNTS},
        **{f"negative_{name}": pc.less(rows.column(name), 0) for name in COUNTS},
        **{f"absurd_{name}": pc.greater(rows.column(name), MOST_TOKENS) for name in COUNTS},
    }
    conditions = [pc.fill_null(condition, fill_value=False) for condition in reasons.values()]
    first = pc.case_when(pc.make_struct(*conditions), *reasons)
    kept = rows.filter(pc.is_null(first))
    counted = pc.value_counts(first.drop_null())
    return Checked(kept, {one["values"]: one["counts"] for one in counted.to_pylist()})


def _complete(rows: pa.Table) -> pa.Table:
    """`rows` with every column that a record must have; what is missing is null."""
    for name in REQUIRED_COLUMNS:
        if name not in rows.column_names:
            kind = pa.string() if name == "model" else pa.int64()
            rows = rows.append_column(name, pa.nulls(rows.num_rows, kind))
    return rows
