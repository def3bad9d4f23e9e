"""Single requests come out of the records with what they took."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.engine import StepTimes
from analyzer.store import find, opened
from analyzer.store.timings import choose
from analyzer.throughput import live
from analyzer.throughput.timings import Timings, surroundings
from analyzer.window import Window
from tests.fakes.recordings import MONDAY, row, write
from tests.fakes.replayed import recorded, rising, rows
from tests.fakes.served import poisson

DAY = Window(MONDAY, MONDAY + timedelta(days=1), "UTC")
MS = 1000


def read(folder: Path, rows: Sequence[dict[str, object]], most: int = 50_000) -> Timings | None:
    write(folder / "a.parquet", rows)
    with opened(find([str(folder)])) as records:
        return records.timings(DAY, "m", most)


def timed(seconds: float, **columns: object) -> dict[str, object]:
    return row(seconds, 100, 10, **({"ttft_us": 50 * MS, "e2e_us": 150 * MS} | columns))


def test_each_request_has_its_lengths_and_times(tmp_path: Path) -> None:
    found = read(tmp_path, [timed(1, cached_input_tokens=60), timed(2, ttft_us=None), timed(3, outcome="refused")])
    assert found is not None
    assert (found.arrival_us - found.arrival_us[0]).tolist() == [0, 1_000_000, 2_000_000]
    assert found.isl.tolist() == [100, 100, 100]
    assert found.cached.tolist() == [60, 0, 0]
    assert found.osl.tolist() == [10, 10, 10]
    assert found.ttft_us.tolist() == [50 * MS, -1, 50 * MS]
    assert found.e2e_us.tolist() == [150 * MS] * 3
    assert found.completed.tolist() == [True, True, False]
    assert found.counted.all()
    assert found.requests == 3


def test_without_any_time_there_are_no_timings(tmp_path: Path) -> None:
    assert read(tmp_path, [row(1), row(2)]) is None


def test_another_model_has_no_timings_of_this_one(tmp_path: Path) -> None:
    assert read(tmp_path, [timed(1, model="other"), row(2)]) is None


def test_engines_are_told_apart_by_address_and_by_sidecar_where_the_address_is_local(tmp_path: Path) -> None:
    places = [
        ("http://10.0.0.1:8000", "a"),
        ("http://10.0.0.1:8000", "b"),
        ("http://127.0.0.1:8000", "a"),
        ("http://127.0.0.1:8000", "b"),
        ("http://10.0.0.2:8000", "a"),
    ]
    found = read(tmp_path, [timed(i, upstream=u, instance=at) for i, (u, at) in enumerate(places)])
    assert found is not None
    engine = found.engine.tolist()
    assert engine[0] == engine[1]
    assert len(set(engine)) == 4


def test_more_input_from_the_cache_than_there_is_counts_as_all_of_it(tmp_path: Path) -> None:
    found = read(tmp_path, [timed(1, cached_input_tokens=500), timed(2, cached_input_tokens=-4)])
    assert found is not None
    assert found.cached.tolist() == [100, 0]


def test_of_many_requests_whole_stretches_of_every_load_are_taken(tmp_path: Path) -> None:
    rows = [timed(600 * stretch + i * 0.9) for stretch in range(20) for i in range(5 + 10 * stretch)]
    found = read(tmp_path, rows, most=500)
    assert found is not None
    assert found.requests == len(rows) == 2000
    assert 300 <= found.counted.sum() <= 700
    assert len(found) > found.counted.sum()


def test_a_request_whose_end_lies_where_nothing_was_read_is_in_the_way_only(tmp_path: Path) -> None:
    rows = [timed(1, e2e_us=3 * 3600 * 1_000_000), timed(2)]
    found = read(tmp_path, rows)
    assert found is not None
    assert found.counted.tolist() == [False, True]
    assert surroundings(found).batch[1] == pytest.approx(2)


def test_a_request_for_several_completions_is_in_the_way_only(tmp_path: Path) -> None:
    found = read(tmp_path, [timed(1, n=4), timed(2, n=1), timed(3)])
    assert found is not None
    assert found.counted.tolist() == [False, True, True]


def test_stretches_are_chosen_from_empty_to_full() -> None:
    stretches = [(at, 10 * at, 1) for at in range(1, 101)]
    assert choose(stretches, 1_000_000) == list(range(1, 101))
    chosen = choose(stretches, 5000)
    assert len(chosen) == pytest.approx(10, abs=1)
    assert max(chosen) == 100
    assert choose([(7, 100, 0), (8, 100, 1)], 1) == [8]


def test_records_with_too_few_requests_are_no_ground_for_a_fit(tmp_path: Path) -> None:
    found = read(tmp_path, [timed(1)])
    assert found is not None
    with pytest.raises(live.NoThroughput, match="Only 1 requests"):
        live.fit(found)


def test_the_step_times_of_an_engine_are_found_again_through_its_records(tmp_path: Path) -> None:
    true = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, outside_ms=3.0)
    made = recorded(rising(poisson(8, 1500)), true)
    found = read(tmp_path, rows(made))
    assert found is not None
    assert live.fit(found) == live.fit(made)
    assert live.fit(found).times.decode_ms(64, 64 * 2100) == pytest.approx(true.decode_ms(64, 64 * 2100), rel=0.05)
