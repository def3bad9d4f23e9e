from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from analyzer.traces.azure import Azure
from analyzer.traces.base import Wishes
from analyzer.traces.clock import NAIVE
from tests.unit.analyzer.traces.reading import SHARED, seen, written

HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens"


def test_the_form_of_2023_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.csv", HEAD, "2023-11-16 18:17:03.9799600,4808,10", "2023-11-16 18:17:04.0319600,3180,8"
    )
    found = seen(Azure(), path)
    assert found.rows[0] == {
        "timestamp": datetime(2023, 11, 16, 18, 17, 3, 979960, UTC),
        "input_tokens": 4808,
        "output_tokens": 10,
    }
    assert found.notes == {NAIVE: 2}


def test_the_forms_of_2024_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", HEAD, "2024-05-10 00:00:00.009930+00:00,2162,5", "2024-05-12 00:00:00+00:00,1,2")
    found = seen(Azure(), path)
    assert found.column("timestamp") == [
        datetime(2024, 5, 10, 0, 0, 0, 9930, UTC),
        datetime(2024, 5, 12, tzinfo=UTC),
    ]
    assert not found.notes


def test_values_that_are_none_stay_rows(tmp_path: Path) -> None:
    found = seen(Azure(), written(tmp_path / "a.csv", HEAD, "never,many,-3"))
    assert found.rows == [{"timestamp": None, "input_tokens": None, "output_tokens": -3}]


@pytest.mark.parametrize("name", ["azure_code", "azure_conv"])
def test_the_public_trace_written_as_its_source_has_it_is_read_as_it_was(name: str, tmp_path: Path) -> None:
    source = SHARED / "traces" / f"{name}.parquet"
    if not source.exists():
        pytest.skip("the public traces are not beside this checkout, in ../shared/traces")
    trace = parquet.read_table(source).select(["timestamp", "input_tokens", "output_tokens"])
    stamps = (f"{at:%Y-%m-%d %H:%M:%S.%f}0" for at in trace.column("timestamp").to_pylist())
    counts = zip(trace.column("input_tokens").to_pylist(), trace.column("output_tokens").to_pylist(), strict=True)
    lines = (f"{stamp},{isl},{osl}" for stamp, (isl, osl) in zip(stamps, counts, strict=True))
    path = written(tmp_path / f"{name}.csv", HEAD, *lines)
    found = pa.concat_tables([batch.rows for batch in Azure().read(path, Wishes())])
    assert found.cast(trace.schema).equals(trace)
