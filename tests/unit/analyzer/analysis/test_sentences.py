import dataclasses

from analyzer.analysis.sentences import of_description
from analyzer.demand import rate
from analyzer.histogram import Quantiles
from analyzer.shape import Caller, Endings, HourlyShape, Latency, Traffic
from tests.fakes.shapes import SECOND, shape

STEADY = shape([(s * SECOND, 10, 10) for s in range(100)])


def sentences(whole: HourlyShape, traffic: Traffic | None = None, unreadable: int = 0) -> dict[str, str]:
    found = of_description(whole, rate(whole, None), traffic or Traffic((whole,), (), None, None), 1, unreadable)
    return {evidence.figure: evidence.sentence for evidence in found}


def test_steady_arrivals_are_not_called_bursty() -> None:
    assert "no burstier than Poisson" in sentences(STEADY)["rate"]


def test_bursts_are_told_with_their_dispersion() -> None:
    bursty = shape([(s * SECOND, 1, 1) for s in range(50)] + [(99 * SECOND, 1, 1)] * 50)
    assert "times the mean" in sentences(bursty)["rate"]


def test_one_second_says_nothing_about_bursts() -> None:
    assert "nothing about bursts" in sentences(shape([(0, 1, 1)]))["rate"]


def test_one_request_on_one_day_is_told_in_the_singular() -> None:
    told = sentences(shape([(0, 1, 1)]))
    assert told["isl"].startswith("The only request is counted")
    assert told["hours"].endswith("1 calendar day.")


def test_requests_that_did_not_complete_are_told() -> None:
    broken = dataclasses.replace(STEADY, endings=Endings(0, 0, 7))
    assert "7 of the requests did not complete" in sentences(broken)["osl"]
    assert "complete" not in sentences(STEADY)["osl"]


def test_files_that_could_not_be_read_are_told() -> None:
    assert "2 file(s)" in sentences(STEADY, unreadable=2)["requests"]
    assert "file" not in sentences(STEADY)["requests"]


def test_what_the_records_do_not_hold_is_told() -> None:
    told = sentences(STEADY)
    assert told["clients"] == "No request names its caller."
    assert told["latency"] == "The records hold no times."
    times = Latency(Quantiles(1, 1, 1, 1, 1), None, None, None)
    full = sentences(STEADY, Traffic((STEADY,), (Caller("c", 3),), None, times, {"ttft_ms": 7}))
    assert "ten largest callers" in full["clients"]
    assert "latency" not in full
    assert "latency.e2e_ms" not in full
    assert "All requests that had a first token" in full["latency.ttft_ms"]


def test_a_latency_stands_beside_the_requests_that_have_it() -> None:
    times = Latency(Quantiles(1, 1, 1, 1, 1), None, None, Quantiles(1, 1, 1, 1, 1))
    traffic = Traffic((STEADY,), (), None, times, {"ttft_ms": 7, "itl_ms": 5})
    found = of_description(STEADY, rate(STEADY, None), traffic, 1, 0)
    assert {e.figure: e.requests for e in found if "latency" in e.figure} == {"latency.ttft_ms": 7, "latency.itl_ms": 5}
