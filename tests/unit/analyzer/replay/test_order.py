"""The order that requests are kept in."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from analyzer.replay import order
from analyzer.replay.state import REQUEST


@njit
def push(heap, size, rows, i):  # type: ignore[no-untyped-def]
    order.push(heap, size, rows, i)


@njit
def remove(heap, size, rows, i):  # type: ignore[no-untyped-def]
    order.remove(heap, size, rows, i)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.randoms())
def test_the_first_of_a_heap_has_the_smallest_key_whatever_is_taken_out(keys: list[int], random: object) -> None:
    rows, heap = np.zeros(len(keys), REQUEST), np.zeros(len(keys), np.int32)
    rows["key"] = keys
    for size in range(len(keys)):
        push(heap, size, rows, size)
    inside = list(range(len(keys)))
    while inside:
        assert rows["key"][heap[0]] == min(keys[i] for i in inside)
        assert all(heap[rows["place"][i]] == i for i in inside)
        leaves = random.choice(inside)  # type: ignore[attr-defined]
        remove(heap, len(inside), rows, leaves)
        inside.remove(leaves)
        assert rows["place"][leaves] == -1
