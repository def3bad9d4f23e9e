"""Requests in order: a heap that says which is over first, and the list of those that run, oldest first."""

import numpy as np
from numpy.typing import NDArray

from analyzer.replay.machine import compiled
from analyzer.replay.state import Row, Rows

Heap = NDArray[np.int32]


@compiled
def push(heap: Heap, size: int, requests: Rows, i: int) -> None:
    """Add request `i` to a heap of `size`, whose first entry has the smallest key."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        other = heap[above]
        if requests[other].key <= requests[i].key:
            break
        heap[at] = other
        requests[other].place = at
        at = above
    heap[at] = i
    requests[i].place = at


@compiled
def remove(heap: Heap, size: int, requests: Rows, i: int) -> None:
    """Take request `i` out of a heap of `size`."""
    at, filler = requests[i].place, heap[size - 1]
    requests[i].place = -1
    if filler == i:
        return
    below = 2 * at + 1
    while below < size - 1:
        if below + 1 < size - 1 and requests[heap[below + 1]].key < requests[heap[below]].key:
            below += 1
        if requests[filler].key <= requests[heap[below]].key:
            break
        heap[at] = heap[below]
        requests[heap[at]].place = at
        at = below
        below = 2 * at + 1
    push(heap, at, requests, filler)


@compiled
def start(one: Row, requests: Rows, i: int) -> None:
    """Make request `i` the newest that runs."""
    requests[i].before, requests[i].after = one.newest, -1
    if one.newest >= 0:
        requests[one.newest].after = i
    one.newest = i
    one.running += 1


@compiled
def stop(one: Row, requests: Rows, i: int) -> None:
    """Take request `i` from those that run."""
    before, after = requests[i].before, requests[i].after
    if before >= 0:
        requests[before].after = after
    if after >= 0:
        requests[after].before = before
    else:
        one.newest = before
    one.running -= 1


@compiled
def to_back(one: Row, requests: Rows, i: int) -> None:
    """Put request `i` at the end of the queue."""
    requests[i].after = -1
    if one.head < 0:
        one.head = i
    else:
        requests[one.tail].after = i
    one.tail = i


@compiled
def to_front(one: Row, requests: Rows, i: int) -> None:
    """Put request `i` before all others of the queue."""
    requests[i].after = one.head
    if one.head < 0:
        one.tail = i
    one.head = i


@compiled
def take_first(one: Row, requests: Rows) -> int:
    """Take the first request out of a queue that is not empty."""
    i = one.head
    one.head = requests[i].after
    if one.head < 0:
        one.tail = -1
    return int(i)
