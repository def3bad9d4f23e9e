"""Two accounts of the same requests agree or do not, and the verdict says in what."""

import pytest

from tests.interop.join import Joined
from tests.interop.judge import Verdict, p95, verdict
from tests.interop.seen import Definition, Recorded, Seen, gaps, ttft

TTFT = Definition("TTFT", "", ttft)
GAPS = Definition("chunk gaps", "", gaps)


def pair(
    theirs: float = 100.0, ours: float = 100.0, counts: tuple[int, int] | None = (10, 5), source: str = "usage"
) -> tuple[Seen, Recorded]:
    usage = counts or (None, None)
    seen = Seen(0.0, 1.0, *usage, {"TTFT": (theirs,), "chunk gaps": (20.0, 21.0)}, "r")
    record = Recorded(
        "r", 0.0, True, 10, 5, frozenset({source}), ours, 20.0, 500.0, (20.0, 20.0), "completed"
    )  # fmt: skip
    return seen, record


def judged(*pairs: tuple[Seen, Recorded], lost: int = 0, strange: int = 0, own_ms: float = 0.0) -> Verdict:
    found = Joined(pairs, lost, strange, "x-request-id")
    return verdict(found, [TTFT, GAPS], warm_up=0, own_ms={"TTFT": own_ms})


def test_equal_accounts_are_within_the_bounds() -> None:
    found = judged(*[pair(100.4)] * 20)
    assert found.met
    assert (found.requests, found.with_usage, found.equal) == (20, 20, 20)
    assert found.differences[0].median_ms == pytest.approx(0.4)
    assert (found.differences[1].values, found.differences[1].p95_ms) == (40, 1.0)


def test_a_median_beyond_one_millisecond_breaks_the_bound_on_either_side() -> None:
    assert not judged(*[pair(101.1)] * 20).met
    assert not judged(*[pair(98.9)] * 20).met


def test_one_request_in_twenty_may_be_far_off_and_two_may_not() -> None:
    assert judged(*[pair(100.0)] * 19, pair(150.0)).met
    assert not judged(*[pair(100.0)] * 18, *[pair(105.1)] * 2).met


def test_differences_that_cancel_out_are_still_differences() -> None:
    found = judged(*[pair(103.0)] * 10, *[pair(97.0)] * 10)
    assert not found.met
    assert found.differences[0].median_ms == 3.0


def test_a_clients_own_time_is_taken_off_and_told() -> None:
    found = judged(*[pair(101.5)] * 20, own_ms=1.3)
    assert found.met
    assert found.differences[0].median_ms == pytest.approx(0.2)
    assert (found.differences[0].bias_ms, found.differences[0].own_ms) == (1.5, 1.3)


def test_a_count_that_differs_from_the_usage_is_told_whatever_the_times_say() -> None:
    found = judged(*[pair()] * 19, pair(counts=(10, 6)))
    assert not found.met
    assert found.equal == 19


def test_a_right_count_from_another_source_than_usage_does_not_pass() -> None:
    assert not judged(pair(source="tokenizer")).met


def test_without_usage_there_is_nothing_to_compare_counts_with() -> None:
    found = judged(*[pair(counts=None)] * 5)
    assert found.met
    assert found.with_usage == 0


def test_a_request_without_record_and_a_record_without_request_do_not_pass() -> None:
    assert not judged(pair(), lost=1).met
    assert not judged(pair(), strange=1).met
    assert not judged().met


def test_a_client_that_saw_another_number_of_chunks_does_not_pass() -> None:
    seen, record = pair()
    fewer = Seen(seen.started, seen.ended, 10, 5, {"TTFT": (100.0,), "chunk gaps": (41.0,)}, "r")
    found = judged((fewer, record), pair())
    assert found.differences[1].uneven == 1
    assert not found.met


def test_warm_up_records_belong_to_nobody_and_are_expected() -> None:
    found = verdict(Joined((pair(),), 0, 4, "x-request-id"), [TTFT], warm_up=4)
    assert found.met


def test_the_95th_percentile_is_a_value_that_was_seen() -> None:
    assert p95(list(range(1, 101))) == 95
    assert p95([7.0]) == 7.0
