from analyzer.advise.sizing.hours import busiest
from tests.fakes.shapes import HOUR, SECOND, Request, hours


def hour(number: int, requests: int, isl: int, osl: int) -> list[Request]:
    return [(number * HOUR + i * SECOND, isl, osl) for i in range(requests)]


def test_the_hours_with_most_requests_most_to_read_and_most_to_write_are_taken() -> None:
    rows = [
        *hour(0, 10, 100, 10),
        *hour(1, 90, 100, 10),
        *hour(2, 80, 100, 10),
        *hour(3, 20, 9000, 10),
        *hour(4, 20, 8000, 10),
        *hour(5, 20, 100, 900),
        *hour(6, 20, 100, 800),
    ]
    assert busiest(hours(rows)) == tuple(number * HOUR for number in range(1, 7))


def test_an_hour_that_leads_in_everything_is_taken_once() -> None:
    assert busiest(hours([*hour(0, 50, 100, 10), *hour(1, 5, 10, 1)])) == (0, HOUR)
