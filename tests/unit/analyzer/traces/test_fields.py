import pyarrow as pa

from analyzer.traces.fields import FAILED, batch, failures, of_rows, outcomes, typed
from analyzer.traces.tabular import Table
from exporter.record import COLUMNS


def test_a_batch_has_the_columns_that_there_are() -> None:
    made = batch({"model": pa.array(["m"]), "client_id": None}, Table({}, 1, 2), {"x": 1})
    assert (made.rows.column_names, made.left_out, made.notes) == (["model"], {"unreadable_row": 2}, {"x": 1})


def test_rows_become_columns_and_those_that_a_record_needs_are_always_there() -> None:
    made = of_rows([{"timestamp": 1, "input_tokens": 1 << 40, "itl_counts": [1]}, {"timestamp": None}], {}, {})
    assert made.rows.column_names == ["timestamp", "model", "input_tokens", "output_tokens", "itl_counts"]
    assert made.rows.column("input_tokens").to_pylist() == [1 << 40, None]
    assert of_rows([], {}, {}).rows.num_rows == 0


def test_what_failed_is_an_upstream_error_and_is_counted() -> None:
    made = outcomes(pa.array([True, False, None]))
    assert made.to_pylist() == ["upstream_error", "completed", "completed"]
    assert failures(made) == {FAILED: 1}
    assert failures(pa.array(["completed"])) == {}


def test_records_have_the_types_and_the_order_of_the_contract_and_what_does_not_fit_is_null() -> None:
    rows = pa.table(
        {
            "max_tokens": [5, 1 << 40],
            "model": ["m", None],
            "timestamp": pa.array([1, 2], pa.timestamp("us", tz="UTC")),
            "prefix_blocks": pa.array([[1], None], pa.large_list(pa.int64())),
            "hash": [1, 2],
        }
    )
    made = typed(rows)
    assert made.column_names == ["record_version", "timestamp", "model", "max_tokens", "prefix_blocks"]
    assert made.column("max_tokens").to_pylist() == [5, None]
    types = {column.name: column.type for column in COLUMNS}
    assert {field.name: str(field.type).replace("element: ", "").replace("tz=", "") for field in made.schema} == {
        name: types[name] for name in made.column_names
    } | {"prefix_blocks": str(made.schema.field("prefix_blocks").type).replace("element: ", "")}
