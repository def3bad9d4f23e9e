"""Queues that grow, and queues that are only long."""

import heapq

import numpy as np
import pytest
from numpy.typing import NDArray

from analyzer.replay.backlog import grows

Floats = NDArray[np.float64]


def waits(arrival: Floats, service: Floats, servers: int) -> Floats:
    """How long each request waits for one of `servers`, first come, first served."""
    free = [0.0] * servers
    found = np.zeros(len(arrival))
    for place, (at, takes) in enumerate(zip(arrival, service, strict=True)):
        begins = max(at, heapq.heappop(free))
        heapq.heappush(free, begins + takes)
        found[place] = begins - at
    return found


def said(
    load: float, number: int, seed: int = 1, service_ms: float = 1000.0, servers: int = 8, shape: Floats | None = None
) -> bool:
    """Whether the queue is said to grow of Poisson arrivals at `load` times what all servers can do.

    `shape` multiplies the load in equal parts of the requests.
    """
    random = np.random.default_rng(seed)
    gaps = random.exponential(service_ms / servers / load, number)
    if shape is not None:
        gaps /= np.repeat(shape, -(-number // len(shape)))[:number]
    arrival = np.cumsum(gaps)
    took = random.exponential(service_ms, number)
    return grows(arrival, waits(arrival, took, servers) + 50, np.ones(number, np.bool_))


@pytest.mark.parametrize("number", [50, 500, 5000, 50_000])
@pytest.mark.parametrize("load", [0.3, 0.8, 0.95])
def test_a_load_that_is_served_is_never_said_to_grow(load: float, number: int) -> None:
    assert not any(said(load, number, seed) for seed in range(12 if number < 50_000 else 3))


@pytest.mark.parametrize(("load", "number"), [(3.0, 100), (1.5, 800), (1.2, 2000), (1.1, 6000), (1.05, 20_000)])
def test_an_overload_shows_from_as_many_requests_as_it_takes(load: float, number: int) -> None:
    assert sum(said(load, number, seed) for seed in range(8)) >= 7


@pytest.mark.parametrize(("load", "number"), [(1.5, 20), (1.02, 500)])
def test_an_overload_that_chance_could_have_made_is_not_said(load: float, number: int) -> None:
    assert not any(said(load, number, seed) for seed in range(8))


@pytest.mark.parametrize("service_ms", [10.0, 1000.0, 600_000.0])
def test_how_long_a_service_takes_does_not_matter(service_ms: float) -> None:
    assert said(1.3, 2000, service_ms=service_ms)
    assert not said(0.9, 2000, service_ms=service_ms)


def test_a_surge_that_is_worked_off_again_is_none() -> None:
    assert not said(1.0, 10_000, shape=np.array([0.6, 0.6, 1.5, 0.6, 0.6]))


def test_a_busier_evening_that_is_served_is_none_and_one_that_is_not_is_one() -> None:
    assert not said(1.0, 10_000, shape=np.array([0.3, 0.3, 0.5, 0.7, 0.9]))
    assert said(1.0, 10_000, shape=np.array([0.5, 0.5, 1.5, 1.5, 1.5, 1.5, 1.5]))


def test_requests_of_the_warm_up_wait_but_do_not_begin_the_time() -> None:
    arrival = np.arange(1000.0)
    late = np.where(arrival < 500, 0.5, (arrival - 500) * 3)
    assert grows(arrival, late, arrival >= 400)


def test_without_a_served_request_nothing_grows() -> None:
    nothing = np.full(10, np.nan)
    assert not grows(np.arange(10.0), nothing, np.ones(10, np.bool_))
    assert not grows(np.arange(10.0), np.ones(10), np.zeros(10, np.bool_))
    assert not grows(np.zeros(10), np.ones(10), np.ones(10, np.bool_))
