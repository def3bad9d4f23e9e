import io

import numpy as np
import pyarrow as pa

from analyzer.store import passes

EVERYWHERE = ((0, 0),)
NAMES = ("model", "arrival", "isl", "osl", "max_tokens", "kind", "lasted", "ttft_ms", "tpot_ms", "e2e_ms")


def batch(*rows: tuple[int, ...]) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [pa.array(np.ascontiguousarray(column)) for column in np.array(rows).T], list(NAMES)
    )


ROWS = ((1, 9, 5, 5, -1, 0, 4, 30, -1, -1), (0, 3, 1, 1, 2, 0, 2, 20, 5, 2), (1, 4, 6, 6, -1, 0, -1, 10, -1, -1))


def test_models_and_moments_that_are_mixed_are_told_apart() -> None:
    shapes = passes.counted([batch(*ROWS)], EVERYWHERE)
    assert {model: [shape.isl.items() for shape in hours] for model, hours in shapes.items()} == {
        0: [[(1, 1)]],
        1: [[(5, 1), (6, 1)]],
    }
    assert [(shape.first, shape.last) for shape in shapes[1]] == [(4, 9)]


def test_levels_and_quantiles_belong_to_their_model() -> None:
    once = [batch(*ROWS[:2]), batch(ROWS[2])]
    shapes, found = passes.timed(once, lambda: [batch(*ROWS)], EVERYWHERE, io.BytesIO())
    assert [hours[0].in_flight.items() for hours in shapes.values()] == [[(1, 2)], [(1, 4)]]
    assert {model: {name: count for name, (_, count) in one.items()} for model, one in found.items()} == {
        0: {"ttft_ms": 1, "tpot_ms": 1, "e2e_ms": 1},
        1: {"ttft_ms": 2},
    }
    assert found[1]["ttft_ms"][0].p50 == 0.01


def test_no_batch_is_no_traffic() -> None:
    assert passes.counted([], EVERYWHERE) == {}
    assert passes.timed([], list, EVERYWHERE, io.BytesIO()) == ({}, {})
