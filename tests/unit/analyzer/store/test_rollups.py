import os
import random
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from analyzer.cli import main
from analyzer.errors import BadSettings
from analyzer.histogram import Histogram
from analyzer.shape import Thresholds
from analyzer.store import find, opened
from analyzer.store.rollups import Rollups
from analyzer.window import Window
from tests.fakes.recordings import MONDAY, row, write

DAYS = 24
HOURS = (0, 100, 200, 300, 324, 408, 409, 500, 575)
"""Since the first; the last week begins with hour 408."""
NEWEST = MONDAY + timedelta(days=DAYS)
LAST_WEEK = ("--from", f"{NEWEST - timedelta(days=7):%Y-%m-%d}")
WEEK = Window(NEWEST - timedelta(days=7), NEWEST, "UTC")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hours of three weeks and a half of two models in folders of their own, each in two files."""
    folder, numbers = tmp_path_factory.mktemp("records"), random.Random(3)  # noqa: S311  no secret is made of it
    for hour in HOURS:
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
                    ttft_us=numbers.randrange(100_000),
                    e2e_us=numbers.randrange(9_000_000_000),
                )
                for _ in range(60)
            ]
            write(folder / f"day={hour // 24:02d}" / f"hour={hour % 24:02d}" / f"{part}.parquet", rows)
    return folder


def plain(value: object) -> object:
    """The same in parts that can be compared."""
    if isinstance(value, Histogram):
        return value.items()
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (tuple, list)) else value


def told(records: Path, window: Window = WEEK, rollups: Path | None = None) -> object:
    """All that the store says of a window and of what lies before it."""
    kept = None if rollups is None else Rollups(rollups, Thresholds())
    before = Window(window.start - timedelta(weeks=2), window.start, window.timezone)
    with opened(find([str(records)]), rollups=kept) as found:
        reading, hours = found.read(window, "mn", Thresholds()), found.hours(before, "mn", Thresholds())
        return plain([found.spans(), reading, hours, [file.path for file in found.unreadable]])


@pytest.mark.parametrize(
    "window",
    [
        WEEK,
        Window(WEEK.start.astimezone(ZoneInfo("Asia/Kolkata")), WEEK.end, "Asia/Kolkata"),
        Window(WEEK.start + timedelta(minutes=10), WEEK.end - timedelta(days=1), "UTC"),
    ],
    ids=["a week", "hours that begin at half past", "a window from within an hour"],
)
def test_raw_and_rolled_up_records_say_the_same(records: Path, tmp_path: Path, window: Window) -> None:
    raw = told(records, window)
    assert told(records, window, tmp_path) == raw
    assert len(list(tmp_path.glob("*.parquet"))) == len(HOURS) - 1
    assert told(records, window, tmp_path) == raw


def test_raw_and_rolled_up_records_give_the_same_analysis_byte_for_byte(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKENTIDE_TARGET_OVER_SHARE", "0.05")
    kept = ("--rollups", str(tmp_path / "rollups"))
    for name, options in (("raw", ()), ("first", kept), ("second", kept)):
        assert main(["analyze", str(records), "--out", str(tmp_path / name), *LAST_WEEK, *options]) == 0
    assert (tmp_path / "raw").read_bytes() == (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_capacity_is_found_from_the_same_requests_with_and_without_rollups(records: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'target_over_share = 0.05\n[capacity]\ngpu = "h100"\nmodel = "meta-llama/Llama-3.1-8B-Instruct"\n'
        'ttft_ms = 500\npercentile = 95\npeak_rps = 20\nprofile = { engine = "trtllm", gpu = "h100", '
        'model = "meta-llama/Llama-3.1-8B-Instruct" }\n'
    )
    for name, options in (("raw", ()), ("rolled", ("--rollups", str(tmp_path / "rollups")))):
        said = ["--out", str(tmp_path / name), "--settings", str(settings), *LAST_WEEK, *options]
        assert main(["analyze", str(records), *said]) == 0
    assert (tmp_path / "raw").read_bytes() == (tmp_path / "rolled").read_bytes()
    assert b"recorded ones with input, output, max_tokens" in (tmp_path / "raw").read_bytes()


def test_what_is_rolled_up_is_not_read_again_before_its_file_changes(records: Path, tmp_path: Path) -> None:
    before = told(records, rollups=tmp_path)
    old = records / "day=12" / "hour=12" / "a.parquet"
    good, times = old.read_bytes(), (old.stat().st_atime_ns, old.stat().st_mtime_ns)
    try:
        old.write_bytes(good[:4] + b"\xff" * 396 + good[400:])
        os.utime(old, ns=times)
        assert told(records, rollups=tmp_path) == before
        os.utime(old, ns=(times[0], times[1] + 1_000_000_000))
        assert told(records, rollups=tmp_path) == told(records) != before
    finally:
        old.write_bytes(good)
        os.utime(old, ns=times)


def test_a_file_that_comes_later_to_an_hour_is_counted(records: Path, tmp_path: Path) -> None:
    before = told(records, rollups=tmp_path)
    late = write(records / "day=13" / "hour=12" / "late.parquet", [row((13 * 24 + 12) * 3600 + 5, 3999, 1)] * 500)
    try:
        assert told(records, rollups=tmp_path) == told(records) != before
    finally:
        late.unlink()


def test_a_damaged_roll_up_is_counted_again(records: Path, tmp_path: Path) -> None:
    before = told(records, rollups=tmp_path)
    for one in tmp_path.glob("*.parquet"):
        one.write_bytes(b"PAR1")
    assert told(records, rollups=tmp_path) == before


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
