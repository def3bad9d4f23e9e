import os
import random
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from pyarrow import parquet

from analyzer.cli import main
from analyzer.errors import BadSettings
from analyzer.shape import Thresholds
from analyzer.store.rollups import Rollups
from tests.fakes.recordings import MONDAY, row, write

DAYS = 24
LAST_WEEK = ("--from", f"{MONDAY + timedelta(days=DAYS - 7):%Y-%m-%d}")


@pytest.fixture(autouse=True)
def few_requests_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENTIDE_TARGET_OVER_SHARE", "0.05")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three weeks and a half of two models in folders of hours, each hour in two files."""
    folder, numbers = tmp_path_factory.mktemp("records"), random.Random(3)  # noqa: S311  no secret is made of it
    for hour in range(0, DAYS * 24, 4):
        for part in "ab":
            rows = [
                row(
                    hour * 3600 + numbers.random() * 3600,
                    numbers.randrange(4000) if numbers.random() < 0.99 else -5,
                    numbers.randrange(900),
                    model=numbers.choice("mn"),
                    client_id=numbers.choice(["x", "y", None]),
                    max_tokens=numbers.choice([None, 500, 900]),
                    finish_reason=numbers.choice(["stop", "length", None]),
                    outcome="completed",
                    http_status=200,
                    ttft_us=numbers.randrange(100_000),
                    tpot_us=numbers.randrange(9_000),
                    e2e_us=numbers.randrange(9_000_000_000),
                )
                for _ in range(30)
            ]
            write(folder / f"day={hour // 24:02d}" / f"hour={hour % 24:02d}" / f"{part}.parquet", rows)
    return folder


def analysis(records: Path, out: Path, *options: str) -> bytes:
    assert main(["analyze", str(records), "--out", str(out), *options]) == 0
    return out.read_bytes()


@pytest.mark.parametrize(
    "options",
    [("--all",), LAST_WEEK, (), (*LAST_WEEK, "--timezone", "Asia/Kolkata"), (*LAST_WEEK[:1], f"{LAST_WEEK[1]}T03:10")],
    ids=["everything", "a week", "the default", "hours that begin at half past", "a window from within an hour"],
)
def test_raw_and_rolled_up_records_give_the_same_analysis(
    records: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    kept = ("--rollups", str(tmp_path / "rollups"))
    raw = analysis(records, tmp_path / "raw.json", *options)
    assert analysis(records, tmp_path / "first.json", *options, *kept) == raw
    assert len(list((tmp_path / "rollups").glob("*.parquet"))) == DAYS * 6 - 1
    assert analysis(records, tmp_path / "second.json", *options, *kept) == raw


def test_what_is_rolled_up_is_not_read_again_before_its_file_changes(records: Path, tmp_path: Path) -> None:
    kept = ("--rollups", str(tmp_path / "rollups"))
    before = analysis(records, tmp_path / "a.json", *LAST_WEEK, *kept)
    old = records / "day=02" / "hour=04" / "a.parquet"
    good, times = old.read_bytes(), (old.stat().st_atime_ns, old.stat().st_mtime_ns)
    try:
        schema = parquet.read_schema(old)
        damaged = bytearray(good)
        damaged[4:400] = b"\xff" * 396
        old.write_bytes(damaged)
        os.utime(old, ns=times)
        assert parquet.read_schema(old) == schema
        assert analysis(records, tmp_path / "b.json", *LAST_WEEK, *kept) == before
        os.utime(old, ns=(times[0], times[1] + 1_000_000_000))
        assert main(["analyze", str(records), "--out", str(tmp_path / "c.json"), *LAST_WEEK, *kept]) == 3
    finally:
        old.write_bytes(good)
        os.utime(old, ns=times)


def test_a_file_that_comes_later_to_an_hour_is_counted(records: Path, tmp_path: Path) -> None:
    kept = ("--rollups", str(tmp_path / "rollups"))
    analysis(records, tmp_path / "a.json", *LAST_WEEK, *kept)
    late = write(records / "day=03" / "hour=04" / "late.parquet", [row((3 * 24 + 4) * 3600 + 5, 3999, 1)] * 500)
    try:
        raw = analysis(records, tmp_path / "raw.json", *LAST_WEEK)
        assert analysis(records, tmp_path / "b.json", *LAST_WEEK, *kept) == raw
        assert raw != (tmp_path / "a.json").read_bytes()
    finally:
        late.unlink()


def test_a_damaged_roll_up_is_counted_again(records: Path, tmp_path: Path) -> None:
    kept = ("--rollups", str(tmp_path / "rollups"))
    before = analysis(records, tmp_path / "a.json", *LAST_WEEK, *kept)
    for one in (tmp_path / "rollups").glob("*.parquet"):
        one.write_bytes(b"PAR1")
    assert analysis(records, tmp_path / "b.json", *LAST_WEEK, *kept) == before


def test_rows_without_a_time_are_never_rolled_up(tmp_path: Path) -> None:
    old = write(tmp_path / "old.parquet", [row(1), row(2, timestamp=None)])
    new = write(tmp_path / "new.parquet", [row(9 * 3600)])
    with duckdb.connect() as connection:
        assert Rollups(tmp_path / "rollups", Thresholds()).rolled(connection, [old, new]) == ()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rollups").write_text("a file")
    files = [write(tmp_path / "old.parquet", [row(1)]), write(tmp_path / "new.parquet", [row(9 * 3600)])]
    with duckdb.connect() as connection, pytest.raises(BadSettings, match=r"--rollups .* cannot be written"):
        Rollups(tmp_path / "rollups", Thresholds()).rolled(connection, files)
