from datetime import timedelta
from pathlib import Path

import duckdb

from analyzer.shape import Thresholds
from analyzer.store.holding import held
from analyzer.store.rollups import Rollups
from tests.fakes.recordings import MONDAY, row, write

HOUR = 3_600_000_000
MONDAY_US = int(MONDAY.timestamp()) * 1_000_000


def seen(connection: duckdb.DuckDBPyConnection) -> int:
    ((count,),) = connection.execute("SELECT count(*) FROM requests").fetchall()
    return int(count)


def test_rolled_up_files_are_read_only_for_windows_that_they_reach_into(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{hour}.parquet", [row(hour * 3600)] * (hour + 1)) for hour in range(4)]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        damaged, holding = held(connection, files, files, Rollups(tmp_path / "rollups", Thresholds()))
        assert (damaged, holding.files, len(holding.rolled)) == ((), (files[3],), 3)
        assert holding.survey.spans[0].requests == 1 + 2 + 3 + 4
        holding.show(connection, MONDAY_US + HOUR, MONDAY_US + 2 * HOUR)
        assert seen(connection) == 2 + 4


def test_copies_are_not_rolled_up(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{hour}.parquet", [row(hour * 3600)]) for hour in range(2)]
    with duckdb.connect() as connection:
        _, holding = held(connection, files, (), Rollups(tmp_path / "rollups", Thresholds()))
        assert (holding.files, holding.rolled) == (tuple(files), ())
    assert not (tmp_path / "rollups").exists()


def test_without_roll_ups_everything_is_read_for_every_window(tmp_path: Path) -> None:
    file = write(tmp_path / "a.parquet", [row(1), row(timedelta(days=9).total_seconds())])
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        _, holding = held(connection, [file], [file], None)
        holding.show(connection, 0, 1)
        assert seen(connection) == 2
