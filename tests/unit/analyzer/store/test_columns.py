import numpy as np

from analyzer.shape import Endings, Patterns, Peak
from analyzer.store.columns import Columns, hourly_shapes

HOUR = 3_600_000_000


def table(names: str, *rows: tuple[int, ...]) -> Columns:
    columns = np.array(rows, dtype=np.int64).reshape(-1, len(names.split()))
    return {name: columns[:, i] for i, name in enumerate(names.split())}


def test_rows_are_cut_into_hours_of_models() -> None:
    shapes = hourly_shapes(
        hours=table(
            "model hour requests first last short_short short_long long_short long_long cut_by_length reason_known "
            "not_completed at_own_limit",
            (0, 0, 3, 5, 9, 3, 0, 0, 0, 1, 2, 0, 1),
            (0, HOUR, 1, HOUR, HOUR, 0, 1, 0, 0, 0, 0, 1, 0),
            (1, 0, 1, 7, 7, 0, 0, 1, 0, 0, 0, 0, 0),
        ),
        lengths=table(
            "model hour side value requests",
            *[(0, 0, 0, 4, 1), (0, 0, 0, 8, 2), (0, HOUR, 0, 4, 1)],
            *[(0, 0, 1, 1, 3), (0, HOUR, 1, 1, 1), (0, 0, 2, 5, 3), (0, HOUR, 2, 5, 1), (0, 0, 3, 14, 1)],
            (0, 0, 4, 10, 1),
            *[(1, 0, 0, 9, 1), (1, 0, 1, 9, 1), (1, 0, 2, 18, 1)],
        ),
        grid=table("model hour value requests", (0, 0, 3, 3), (0, HOUR, 3, 1), (1, 0, 4, 1)),
        seconds=table(
            "model hour value requests first_at", (0, 0, 1, 1, 2), (0, 0, 2, 1, 7), (0, HOUR, 1, 1, 9), (1, 0, 1, 1, 3)
        ),
        tens=table("model hour value requests first_at", (0, 0, 3, 1, 0), (0, HOUR, 1, 1, 9), (1, 0, 1, 1, 0)),
        by_minute=table("model hour value requests", (0, 0, 0, 3), (0, HOUR, 60, 1), (1, 0, 0, 1)),
        in_flight=table("model hour value requests", (0, 0, 2, 700), (0, 2 * HOUR, 1, 9)),
    )
    first, second = shapes[0]
    assert (first.requests, first.first, first.last, second.start) == (3, 5, 9, HOUR)
    assert first.isl.items() == [(4, 1), (8, 2)]
    assert (first.asked.items(), second.asked.items()) == ([(14, 1)], [])
    assert (first.max_tokens.items(), second.max_tokens.items()) == ([(10, 1)], [])
    assert (first.in_flight.items(), second.in_flight.items()) == ([(2, 700)], [])
    assert first.peak_second == Peak(2, 7)
    assert first.peak_minute == Peak(3, 0)
    assert second.patterns == Patterns(0, 1, 0, 0)
    assert first.endings == Endings(1, 2, 0, 1)
    assert [shape.isl.items() for shape in shapes[1]] == [[(9, 1)]]


def test_no_rows_make_no_hours() -> None:
    hours = table("model hour requests first last short_short short_long long_short long_long cut_by_length")
    counts, bins = table("model hour value requests"), table("model hour value requests first_at")
    lengths = table("model hour side value requests")
    found = hourly_shapes(
        hours=hours, lengths=lengths, grid=counts, seconds=bins, tens=bins, by_minute=counts, in_flight=None
    )
    assert found == {}
