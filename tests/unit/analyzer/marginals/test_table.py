import math

from analyzer.marginals.table import of_rows, rows
from tests.fakes.marginals import HOUR_US, marginals


def test_rows_hold_everything_and_come_in_order_of_time() -> None:
    given = {
        "m": marginals({HOUR_US: ([50, 5000], [1]), 0: ([150], [])}, "vllm"),
        "n": marginals({0: ([1], [1])}, "vllm"),
    }
    made = list(rows(given))
    assert [row.hour for row in made] == sorted(row.hour for row in made)
    assert of_rows(reversed(made)) == given
    assert {row.tokens for row in made if math.isfinite(row.le)} == {None}


def test_what_an_engine_and_the_sidecar_beside_it_both_count_is_not_added_up() -> None:
    engine, sidecar = marginals({0: ([1] * 5, [1] * 5)}, "engine"), marginals({0: ([1] * 7, [1] * 7)}, "sidecar")
    assert of_rows([*rows({"m": engine}), *rows({"m": sidecar})]) == {"m": sidecar}


def test_no_rows_are_no_marginals() -> None:
    assert of_rows([]) == {}
