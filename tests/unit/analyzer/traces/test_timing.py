from analyzer.shape import ITL_BOUNDS_MS
from analyzer.traces.timing import Timing, disagree, times


def test_the_time_per_output_token_is_made_from_the_ends_of_the_answer() -> None:
    found = times(Timing(100_000, 400_000), 4, 4)
    assert found == {"ttft_us": 100_000, "e2e_us": 400_000, "tpot_us": 100_000}


def test_one_token_has_no_time_after_it() -> None:
    assert "tpot_us" not in times(Timing(100_000, 100_000), 1, 1)
    assert "tpot_us" not in times(Timing(None, 100_000), 9, 9)


def test_times_that_no_answer_takes_are_left_out() -> None:
    assert times(Timing(-1, 1 << 62), 4, 4) == {"ttft_us": None, "e2e_us": None}


def test_gaps_are_itl_only_where_each_event_brought_one_token() -> None:
    gaps = [4000.0, 6000.0, 2000.0]
    found = times(Timing(1000, 13_000, 4000, gaps), 4, 4)
    assert (found["chunks"], found["itl_p50_us"], found["itl_p95_us"], found["itl_max_us"]) == (4, 4000, 6000, 6000)
    counts = found["itl_counts"]
    assert isinstance(counts, list)
    assert dict(zip((*ITL_BOUNDS_MS, None), counts, strict=True)) == dict.fromkeys((*ITL_BOUNDS_MS, None), 0) | {
        2: 1,
        4: 1,
        6: 1,
    }
    several = times(Timing(1000, 13_000, None, gaps), 8, 8)
    assert several["chunks"] == 4
    assert "itl_counts" not in several


def test_half_the_truth_is_found_out() -> None:
    # a published sweep gave 3.47 ms for each of 64 tokens of answers that took 31 + 63 x 7.13 ms
    halved = Timing(31_000, 480_190, 3470)
    assert disagree(halved, 64)
    assert "tpot_us" not in times(halved, 64, 64)
    assert not disagree(Timing(31_000, 480_190, 7130), 64)
    assert not disagree(Timing(31_000, 480_190), 64)
    assert not disagree(Timing(31_000, 31_500, 0), 2)
