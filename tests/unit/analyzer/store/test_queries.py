from pathlib import Path

import duckdb

from analyzer.store.queries import look, query
from tests.fakes.recordings import row, write


def test_every_query_says_what_it_yields() -> None:
    assert query("survey").startswith("-- ")


def test_a_look_at_files_tells_what_they_hold_or_why_it_cannot(tmp_path: Path) -> None:
    good, bad = write(tmp_path / "good.parquet", [row(1), row(2, isl=-1)]), tmp_path / "bad.parquet"
    bad.write_text("no Parquet")
    with duckdb.connect() as connection:
        (found,) = look(connection, [good])
        assert isinstance(found, dict)
        assert (found["model"], found["requests"], found["aside"]) == ("m", 1, 1)
        assert look(connection, []) == []
        assert "bad.parquet" in str(look(connection, [bad]))
