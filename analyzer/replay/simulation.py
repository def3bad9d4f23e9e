"""Recorded requests through a pool of replicas that batch continuously."""

import numpy as np
from numpy.typing import NDArray

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay.state import REPLICA, REQUEST, TOTALS, Costs, Rows, Rules, Simulation
from analyzer.replay.traffic import COMPLETED, REJECTED, TRUNCATED, Floats, Ints, Pool, Replayed, Requests

# 1 % between two edges, from 10 µs to a quarter of an hour
_EDGES_US: Floats = 10.0 * np.power(1.01, np.arange(1842))


def replay(requests: Requests, limits: EngineLimits, times: StepTimes, pool: Pool) -> Replayed:
    """What becomes of `requests` in a `pool` of replicas with these limits and step times.

    Every step gives each writing request a token first; what is left of its tokens goes to prompts in order of arrival.
    Raises `ValueError` where arrivals are not in order or a limit or a time makes no sense.
    """
    _check(requests, limits, times, pool)
    rows = _rows(requests, limits)
    sim = _simulation(rows, limits, times, pool)
    from analyzer.replay.compiled import compiled  # noqa: PLC0415  numba takes a quarter of a second to load

    compiled()(sim)
    return _replayed(requests, sim)


def _check(requests: Requests, limits: EngineLimits, times: StepTimes, pool: Pool) -> None:
    if len(requests) and (np.diff(requests.arrival_us) < 0).any():
        raise ValueError("the requests are not in order of arrival")
    if min(limits.max_num_seqs, limits.max_num_batched_tokens, limits.kv_pool_tokens, limits.max_model_len) < 1:
        raise ValueError(f"every limit of an engine is at least 1: {limits}")
    if not all(value >= 0 for value in times.values):
        raise ValueError(f"no step takes less than no time: {times}")
    if pool.replicas < 1 or (pool.most_in_flight is not None and pool.most_in_flight < 1):
        raise ValueError(f"a pool has at least one replica, and clients send at least one request: {pool}")


def _rows(requests: Requests, limits: EngineLimits) -> Rows:
    """The requests as the simulation sees them; a request of no input reads one token all the same."""
    rows = np.zeros(len(requests), REQUEST)
    rows["sent"] = requests.arrival_us - (requests.arrival_us[0] if len(requests) else 0)
    prompt, osl = np.maximum(requests.isl, 1), np.maximum(requests.osl, 0)
    room = limits.max_model_len - prompt
    target = np.minimum(osl, np.maximum(room, 0))
    asked = np.where(requests.max_tokens < 0, room, np.minimum(requests.max_tokens, room))
    # the last token is written and never read again
    needed = prompt + np.maximum(target - 1, 0)
    rows["prompt"], rows["target"] = prompt, target
    rows["refused"] = (room < 1) | (needed > limits.kv_pool_tokens)
    rows["cached"] = np.clip(requests.cached, 0, prompt - 1) if limits.prefix_caching else 0
    rows["reserve"] = np.minimum(prompt + np.maximum(asked, target), limits.kv_pool_tokens)
    rows["place"] = rows["before"] = rows["after"] = -1
    return rows


def _simulation(rows: Rows, limits: EngineLimits, times: StepTimes, pool: Pool) -> Simulation:
    seqs = min(limits.max_num_seqs, limits.max_num_batched_tokens)  # each that writes takes a token of the step
    cap = min(pool.most_in_flight or 0, len(rows))
    replicas = np.zeros(pool.replicas, REPLICA)
    replicas["number"] = np.arange(pool.replicas)
    for name in ("newest", "head", "tail"):
        replicas[name] = -1
    replicas["began"] = np.inf
    return Simulation(
        requests=rows,
        replicas=replicas,
        heaps=np.zeros((pool.replicas, min(seqs, len(rows)) + 1), np.int32),
        releases=np.zeros(cap + 1, np.int32),
        edges=_EDGES_US,
        gaps=np.zeros(len(_EDGES_US) + 1, np.int64),
        totals=np.zeros(1, TOTALS),
        rules=Rules(
            seqs=seqs,
            budget=limits.max_num_batched_tokens,
            pool=limits.kv_pool_tokens,
            chunked=limits.chunked_prefill,
            reserved=limits.admission == "reserved",
            least_outstanding=pool.routing == "least_outstanding",
            cap=cap,
            ahead=limits.async_scheduling,
        ),
        costs=Costs(*(value * 1000.0 for value in times.values)),
    )


def _replayed(requests: Requests, sim: Simulation) -> Replayed:
    """What the rows hold, as clients see it."""
    rows, totals = sim.requests, sim.totals[0]
    served = rows["refused"] == 0
    tokens = rows["written"].astype(np.int64)
    ttft = np.where(served, rows["first"] - rows["sent"] + sim.costs.outside, np.nan) / 1000
    e2e = np.where(served, rows["end"] - rows["sent"] + sim.costs.outside, np.nan) / 1000
    cut = np.where(tokens < requests.osl, TRUNCATED, COMPLETED)
    return Replayed(
        status=np.where(served, cut, REJECTED).astype(np.int8),
        ttft_ms=ttft,
        itl_ms=_between(rows, served),
        e2e_ms=e2e,
        tokens=tokens,
        itl_edges_ms=sim.edges / 1000,
        itl_tokens=sim.gaps,
        busy_ms=float(totals["busy"]) / 1000,
        span_ms=float(rows["end"][served].max()) / 1000 if served.any() else 0.0,
        steps=int(totals["steps"]),
        preemptions=int(totals["preemptions"]),
        peak_kv_tokens=int(totals["peak"]),
    )


def _between(rows: Rows, served: NDArray[np.bool_]) -> Floats:
    """The mean time between two tokens of each request in milliseconds, nan where there are no two."""
    many: Ints = np.maximum(rows["written"].astype(np.int64) - 1, 1)
    mean: Floats = (rows["end"] - rows["first"]) / many / 1000
    return np.where(served & (rows["written"] > 1), mean, np.nan)
