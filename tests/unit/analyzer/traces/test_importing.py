from datetime import UTC, datetime
from pathlib import Path

import pytest
from pyarrow import parquet

from analyzer.errors import BadSettings
from analyzer.traces.azure import Azure
from analyzer.traces.base import Wishes
from analyzer.traces.importing import Imported, import_files
from analyzer.traces.litellm import LiteLLM
from analyzer.traces.mooncake import Mooncake
from analyzer.window import microseconds
from tests.unit.analyzer.traces.reading import written

NOW = microseconds(datetime(2025, 6, 1, tzinfo=UTC))
HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens"


def azure(out: Path, *files: Path, **wishes: str) -> Imported:
    return import_files("azure", Azure(), files, Wishes(**wishes), out, NOW)  # type: ignore[arg-type]  # only texts


def rows_below(folder: Path) -> list[dict[str, object]]:
    paths = sorted(folder.rglob("*.parquet"))
    return [row for path in paths for row in parquet.read_table(path, partitioning=None).to_pylist()]


def test_what_was_read_is_what_was_written_and_what_was_set_aside(tmp_path: Path) -> None:
    file = written(
        tmp_path / "trace.csv",
        HEAD,
        "2025-01-01 01:00:00,5,6",
        "2025-01-01 00:00:00,3,4",
        "2025-01-01 00:00:00,-3,4",
        "2031-01-01 00:00:00,3,4",
        "never,3,4",
        "too,many,columns,here",
    )
    done = azure(tmp_path / "out", file)
    assert (done.files, done.read, done.records, len(done.written)) == (1, 6, 2, 2)
    assert done.set_aside == {
        "future_timestamp": 1,
        "negative_input_tokens": 1,
        "no_timestamp": 1,
        "unreadable_row": 1,
    }
    assert done.read == done.records + sum(done.set_aside.values())
    assert (done.first, done.last) == (datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, 1, tzinfo=UTC))
    assert done.models == {"trace": 2}
    assert [row["input_tokens"] for row in rows_below(tmp_path / "out")] == [3, 5]


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_imported(tmp_path: Path) -> None:
    good = written(tmp_path / "good.csv", HEAD, "2025-01-01 01:00:00,5,6")
    bad = written(tmp_path / "bad.csv", "a,b", "1,2")
    done = azure(tmp_path / "out", good, bad, tmp_path / "none.csv", good)
    assert (done.files, done.records) == (1, 1)
    assert [Path(file.path).name for file in done.unreadable] == ["bad.csv", "none.csv"]


def test_importing_again_replaces_also_with_other_wishes(tmp_path: Path) -> None:
    file = written(tmp_path / "a.csv", HEAD, "2025-01-01 01:00:00,5,6")
    azure(tmp_path / "out", file)
    azure(tmp_path / "out", file, timezone="Asia/Tokyo", model="m")
    (row,) = rows_below(tmp_path / "out")
    assert (row["model"], row["timestamp"]) == ("m", datetime(2024, 12, 31, 16, tzinfo=UTC))


def test_other_files_go_beside_what_is_there(tmp_path: Path) -> None:
    for name in ("a", "b"):
        azure(tmp_path / "out", written(tmp_path / f"{name}.csv", HEAD, f"2025-01-01 01:00:00,{ord(name)},6"))
    assert sorted(str(row["model"]) for row in rows_below(tmp_path / "out")) == ["a", "b"]


def test_the_model_asked_for_is_that_of_rows_without_one(tmp_path: Path) -> None:
    file = written(
        tmp_path / "a.jsonl",
        '{"startTime": "2025-01-01T00:00:00Z", "prompt_tokens": 1, "completion_tokens": 2, "model": "own"}',
        '{"startTime": "2025-01-01T00:00:01Z", "prompt_tokens": 1, "completion_tokens": 2}',
    )
    done = import_files("litellm", LiteLLM(), [file], Wishes(model="m"), tmp_path / "out", NOW)
    assert done.models == {"m": 1, "own": 1}
    done = import_files("litellm", LiteLLM(), [file], Wishes(), tmp_path / "out", NOW)
    assert (done.models, done.set_aside) == ({"own": 1}, {"no_model": 1})


def test_relative_times_need_a_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="--start"):
        import_files("mooncake", Mooncake(), [tmp_path / "a"], Wishes(), tmp_path / "out", NOW)


def test_nothing_that_counts_writes_nothing(tmp_path: Path) -> None:
    done = azure(tmp_path / "out", written(tmp_path / "a.csv", HEAD))
    assert (done.read, done.records, done.first, done.models) == (0, 0, None, {})
    assert not (tmp_path / "out").exists()
