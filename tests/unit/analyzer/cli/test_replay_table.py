"""A replay on a terminal."""

from dataclasses import replace
from datetime import UTC, datetime

from analyzer.cli.replay_table import heading, table
from analyzer.replay.outcome import Promise
from analyzer.window import Window
from tests.fakes.replays import asked, recorded, setup


def test_each_profile_has_a_column_and_each_figure_a_line() -> None:
    today = replace(setup(2), price_per_gpu_hour=2.5)
    found = asked(recorded(days=3), today, setup(1), Promise(ttft_ms=300), "least_outstanding")
    lines = table(found).splitlines()
    head = next(line for line in lines if line.split() == ["today", "instead"])
    rows = lines[lines.index(head) + 1 :]
    assert [line.split("  ")[0] for line in rows] == [
        "replicas x GPUs",
        "TTFT p50, ms",
        "TTFT p95, ms",
        "ITL p50, ms",
        "ITL p95, ms",
        "E2E p50, ms",
        "E2E p95, ms",
        "keeps TTFT",
        "rejected",
        "truncated",
        "busy",
        "GPU-hours",
        "cost",
    ]
    assert rows[0].endswith("1 x 1")
    assert " to " in rows[2]
    assert rows[8].split() == ["rejected", "0", "%", "0", "%"]
    assert rows[-1].endswith("–")


def test_one_profile_has_one_column_and_no_cost_where_no_price_is_known() -> None:
    found = asked(recorded(), setup(2), None, Promise(), "least_outstanding")
    text = table(found)
    assert "instead" not in text
    assert "cost" not in text


def test_the_window_the_model_and_the_number_of_requests_come_first() -> None:
    found = asked(recorded(), setup(2), None, Promise(), "least_outstanding")
    week = Window(datetime(2025, 3, 3, tzinfo=UTC), datetime(2025, 3, 10, tzinfo=UTC), "UTC")
    said = heading(found, "m", week)
    assert said.startswith("4,000 requests for m from 2025-03-03 00:00 to 2025-03-10 00:00 (UTC); ")
    assert f"{found.counted:,} of them count" in said
