from analyzer.patterns.silences import Silence, silences
from tests.fakes.shapes import Request
from tests.unit.analyzer.patterns.weeks import moment, requests, week


def without(found: list[Request], start: int, end: int) -> list[Request]:
    return [request for request in found if not start <= request[0] < end]


def test_hours_without_a_request_where_other_days_have_many_are_a_silence_to_the_minute() -> None:
    busy = requests(7, lambda _: 120)
    start, end = moment(2, 10.5), moment(2, 13.25)
    assert silences(week(without(busy, start, end))) == (Silence(start, end, 330),)


def test_a_silence_that_comes_every_night_is_none() -> None:
    assert silences(week(requests(7, lambda hour: 120 if 6 <= hour % 24 < 22 else 0))) == ()


def test_a_weekend_without_requests_is_no_silence() -> None:
    assert silences(week(requests(12, lambda hour: 120 if hour // 24 % 7 < 5 else 0))) == ()


def test_a_whole_day_is_compared_with_the_same_days_of_other_weeks() -> None:
    start, end = moment(15, 0), moment(16, 6)
    quiet = without(requests(24, lambda _: 60), start, end)
    assert silences(week(quiet)) == (Silence(start, end, 1800),)


def test_gaps_between_the_bursts_of_every_hour_are_no_silence() -> None:
    """100 requests in the first minutes of each hour, and nothing until the next."""
    bursts = [
        (at - at % 3_600_000_000 + i % 100 * 1_000_000, a, b) for i, (at, a, b) in enumerate(requests(7, lambda _: 100))
    ]
    assert silences(week(bursts)) == ()


def test_few_days_are_not_judged() -> None:
    assert silences(week(without(requests(3, lambda _: 120), moment(1, 10), moment(1, 13)))) == ()
