from analyzer.advise.sizing.sample import MOST_SAMPLED, one_in
from analyzer.window import HOUR_US
from tests.unit.analyzer.advise.sizing.samples import sample


def test_only_the_requests_of_the_hours_that_are_asked_for_are_inside() -> None:
    half = HOUR_US // 2
    hours = sample([(at, number, 1, -1, 0) for number, at in enumerate(range(half, 6 * HOUR_US, half))])
    assert len(hours) == 11
    assert hours.inside([4 * HOUR_US, HOUR_US]).requests.arrival_us.tolist() == [2 * half, 3 * half, 8 * half, 9 * half]
    # an hour of a zone that is half an hour off
    assert hours.inside([half]).requests.isl.tolist() == [0, 1]
    assert len(hours.inside([])) == 0
    assert len(hours.inside([9 * HOUR_US])) == 0


def test_what_the_engine_served_is_told_from_what_it_refused() -> None:
    found = sample([(0, 10, 5, -1, 0), (1, 20, 0, -1, 0)], lost=1)
    assert (len(found), found.only_served().requests.isl.tolist()) == (2, [10])


def test_a_sample_has_a_bound_however_many_requests_there_are() -> None:
    assert (one_in(0), one_in(MOST_SAMPLED), one_in(MOST_SAMPLED + 1), one_in(100_000_000)) == (1, 1, 2, 500)
