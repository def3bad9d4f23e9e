from itertools import islice

import pyarrow as pa
from pyarrow import compute

from tests.bench.analyzer.rows import HOURS, SCHEMA, hours


def test_all_rows_are_made_hour_by_hour_and_sorted_by_time() -> None:
    tables = list(hours(20_000))
    assert (len(tables), sum(len(table) for table in tables)) == (HOURS, 20_000)
    whole = pa.concat_tables(tables)
    assert whole.schema == SCHEMA
    times = whole.column("timestamp").cast(pa.int64()).to_numpy()
    assert (times[1:] >= times[:-1]).all()


def test_the_same_number_of_rows_is_the_same_rows() -> None:
    assert list(islice(hours(9_000), 3)) == list(islice(hours(9_000), 3))


def test_no_answer_is_longer_than_its_limit_or_empty() -> None:
    table = pa.concat_tables(islice(hours(200_000), 20))
    assert compute.min(table.column("output_tokens")).as_py() >= 1
    assert compute.all(compute.less_equal(table.column("output_tokens"), table.column("max_tokens"))).as_py()
