import argparse
from datetime import UTC, datetime
from pathlib import Path

import pytest

from analyzer.advise.capacity import Objectives
from analyzer.cli.choices import before, origin, questions, window
from analyzer.cli.options import parser
from analyzer.errors import BadSettings, UnreadableFile
from analyzer.settings import CapacitySettings, ModelSettings, Settings
from analyzer.store import Found, Span
from analyzer.window import microseconds

FIRST, LAST = datetime(2025, 3, 1, 10, 20, tzinfo=UTC), datetime(2025, 3, 20, 17, 40, tzinfo=UTC)
SPANS = (
    Span("m", microseconds(FIRST), microseconds(FIRST), 1),
    Span("n", microseconds(LAST), microseconds(LAST), 1),
)


def options(line: str) -> argparse.Namespace:
    return parser().parse_args(["analyze", "records", *line.split()])


def chosen(line: str) -> tuple[str, str]:
    found = window(SPANS, Settings(), options(line))
    return found.start.isoformat(), found.end.isoformat()


def test_what_lies_before_the_window_is_read_up_to_eight_weeks_before_its_end() -> None:
    found = before(window(SPANS, Settings(), options("")), SPANS)
    assert found is not None
    assert (found.start, found.end) == (datetime(2025, 1, 23, tzinfo=UTC), datetime(2025, 3, 13, tzinfo=UTC))


@pytest.mark.parametrize(
    ("line", "window_from", "models"),
    [
        ("", "default", None),
        ("--all --model n", "all", ("n",)),
        ("--from 2025-03-01 --model n --model m", "options", None),
    ],
)
def test_what_an_analysis_is_made_from_is_told_without_a_path(
    line: str, window_from: str, models: tuple[str, ...] | None, tmp_path: Path
) -> None:
    found = Found((tmp_path / "a.parquet",), (UnreadableFile("b.parquet", "damaged"),))
    settings = Settings(isl_threshold=5, memory_limit="1GB", timezone="Asia/Tokyo", capacity={"rps_per_replica": 2})
    told = origin(SPANS, settings, options(line), found, 1)
    assert (told.files, told.unreadable_files) == (1, 1)
    assert (told.first, told.last) == (FIRST, LAST)
    assert (told.window_from, told.models) == (window_from, models)
    assert (told.timezone, told.timezone_from) == ("Asia/Tokyo", "settings")
    elsewhere = origin(SPANS, settings, options(f"{line} --timezone UTC"), found, 1)
    assert (elsewhere.timezone, elsewhere.timezone_from) == ("UTC", "option")
    assert origin(SPANS, Settings(), options(line), found, 1).timezone_from == "default"
    assert told.settings == {"isl_threshold": 5, "capacity": {"rps_per_replica": 2.0}}
    assert str(tmp_path) not in str(told)


@pytest.mark.parametrize("line", ["--all", "--from 2025-03-01"])
def test_a_window_before_which_nothing_is_recorded_has_nothing_before_it(line: str) -> None:
    assert before(window(SPANS, Settings(), options(line)), SPANS) is None


@pytest.mark.parametrize(
    ("line", "start", "end"),
    [
        ("", "2025-03-13T00:00:00+00:00", "2025-03-20T00:00:00+00:00"),
        ("--timezone Asia/Tokyo", "2025-03-14T00:00:00+09:00", "2025-03-21T00:00:00+09:00"),
        ("--all", "2025-03-01T10:00:00+00:00", "2025-03-20T18:00:00+00:00"),
        ("--from 2025-03-02", "2025-03-02T00:00:00+00:00", "2025-03-20T18:00:00+00:00"),
        ("--to 2025-03-02", "2025-03-01T10:00:00+00:00", "2025-03-02T00:00:00+00:00"),
        ("--from 2025-03-02 --to 2025-03-03T12:30", "2025-03-02T00:00:00+00:00", "2025-03-03T12:30:00+00:00"),
    ],
)
def test_the_window_is_what_the_options_ask_for(line: str, start: str, end: str) -> None:
    assert chosen(line) == (start, end)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--all --from 2025-03-02", "leave out --from and --to"),
        ("--from tomorrow", "no ISO date or time"),
        ("--from 2025-03-05 --to 2025-03-05", "is empty"),
        ("--from 2026-01-01", "No record is as new as --from 2026-01-01: the newest is of 2025-03-20 17:40"),
        ("--to 2024-01-01", "No record is older than --to 2024-01-01: the first is of 2025-03-01 10:20"),
        ("--timezone Mars/Base", "give an IANA name"),
    ],
)
def test_options_that_make_no_window_are_refused_with_what_to_do(line: str, sentence: str) -> None:
    with pytest.raises(BadSettings, match=sentence):
        window(SPANS, Settings(), options(line))


def test_without_records_the_window_is_the_last_whole_week() -> None:
    found = window((), Settings(), options(""))
    assert found.days == 7
    assert (datetime.now(UTC) - found.end).days == 0


def test_what_the_settings_state_is_asked_of_the_model() -> None:
    stated = CapacitySettings(rps_per_replica=2.4, peak="poisson", ttft_ms=500, percentile=95, current_replicas=3)
    settings = Settings(target_over_share=0.01, current_max_seq_len=131_072, capacity=stated)
    asked = questions(settings, {"m": 1})["m"]
    assert (asked.target.over_share, asked.target.current_max_seq_len) == (0.01, 131_072)
    assert asked.stated is not None
    assert (asked.stated.rps_per_replica, asked.stated.law, asked.stated.current_replicas) == (2.4, "poisson", 3)
    assert asked.stated.objectives == Objectives(ttft_ms=500, percentile=95)
    assert questions(Settings(), {"m": 1})["m"].stated is None


def test_one_statement_of_capacity_is_used_for_the_largest_model_that_has_no_own() -> None:
    stated, own = CapacitySettings(rps_per_replica=2.4, current_replicas=4), CapacitySettings(rps_per_replica=7)
    settings = Settings(capacity=stated, models={"own": ModelSettings(capacity=own)})
    asked = questions(settings, {"own": 9000, "small": 1, "large": 5000})
    throughput = {name: one.stated and one.stated.rps_per_replica for name, one in asked.items()}
    assert throughput == {"own": 7, "small": None, "large": 2.4}
    assert {name: one.stated_for for name, one in asked.items()} == {"own": None, "small": "large", "large": None}
