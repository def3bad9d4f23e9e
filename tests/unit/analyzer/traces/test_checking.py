from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from analyzer.traces.checking import checked
from analyzer.window import microseconds

NOW = microseconds(datetime(2025, 6, 1, tzinfo=UTC))
HOUR = 3_600_000_000
GOOD: dict[str, Any] = {"timestamp": NOW, "model": "m", "input_tokens": 5, "output_tokens": 7}


def table(*rows: dict[str, Any]) -> pa.Table:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    kinds = {"timestamp": pa.int64(), "model": pa.string()}
    made = pa.table({name: pa.array(values, kinds.get(name, pa.int64())) for name, values in columns.items()})
    place = made.column_names.index("timestamp")
    return made.set_column(place, "timestamp", made.column("timestamp").cast(pa.timestamp("us", tz="UTC")))


def test_rows_that_can_be_requests_are_kept() -> None:
    rows = table(GOOD, GOOD | {"input_tokens": 0, "output_tokens": 0}, GOOD | {"timestamp": NOW + 23 * HOUR})
    found = checked(rows, NOW)
    assert (found.rows.num_rows, found.set_aside) == (3, {})


def test_every_other_row_has_one_reason() -> None:
    wrong = {
        "no_timestamp": {"timestamp": None, "model": None},
        "absurd_timestamp": {"timestamp": 1_735_689_600_000},  # milliseconds taken for microseconds
        "future_timestamp": {"timestamp": NOW + 25 * HOUR},
        "no_model": {"model": None},
        "no_input_tokens": {"input_tokens": None},
        "no_output_tokens": {"output_tokens": None},
        "negative_input_tokens": {"input_tokens": -1},
        "negative_output_tokens": {"output_tokens": -1},
        "absurd_input_tokens": {"input_tokens": (1 << 24) + 1},
        "absurd_output_tokens": {"output_tokens": 1 << 40},
    }
    found = checked(table(GOOD, *(GOOD | change for change in wrong.values())), NOW)
    assert (found.rows.num_rows, found.set_aside) == (1, dict.fromkeys(wrong, 1))


def test_a_column_that_is_not_there_is_a_value_that_is_not_known() -> None:
    rows = table(GOOD).drop_columns(["output_tokens"])
    assert checked(rows, NOW).set_aside == {"no_output_tokens": 1}
    assert checked(rows.slice(0, 0), NOW).set_aside == {}
