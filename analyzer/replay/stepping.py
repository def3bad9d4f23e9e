"""The end of a step: tokens are counted, prompts that are read begin to write, and requests are over."""

from math import inf

import numpy as np

from analyzer.replay.machine import compiled
from analyzer.replay.order import push, remove, stop
from analyzer.replay.state import Row, Simulation


@compiled
def finish(sim: Simulation, one: Row) -> None:
    """The run is over: count it, end what is complete, and let those write whose prompt is read."""
    totals = sim.totals[0]
    totals.busy += one.ends - one.now
    totals.steps += one.steps
    one.began = one.ends - one.first - one.growth * (one.steps - 1)
    one.now = one.ends
    if one.writing:
        _count(sim, one)
        grown = one.writing * one.steps
        one.kv += grown
        one.used += 0 if sim.rules.reserved else grown
    one.tick += one.steps
    one.steps = 0
    totals.peak = max(totals.peak, one.used)
    _complete(sim, one)
    _read(sim, one)
    if not one.running:
        one.began = inf  # nothing was there to decide on


@compiled
def _count(sim: Simulation, one: Row) -> None:
    """Count the tokens of a run by the time that each step of it took."""
    edges = sim.edges
    at, done = np.searchsorted(edges, one.first), 0
    while done < one.steps:
        upto = one.steps
        if at < len(edges) and one.first + one.growth * (one.steps - 1) > edges[at]:
            upto = int((edges[at] - one.first) / one.growth) + 1
            while upto > done and one.first + one.growth * (upto - 1) > edges[at]:
                upto -= 1
            while one.first + one.growth * upto <= edges[at]:
                upto += 1
        sim.gaps[at] += (upto - done) * one.writing
        done = upto
        at += 1


@compiled
def _complete(sim: Simulation, one: Row) -> None:
    """End the requests that have just written their last token."""
    heap = sim.heaps[one.number]
    while one.writing and sim.requests[heap[0]].key <= one.tick:
        i = heap[0]
        held = sim.requests[i].base + one.tick
        remove(heap, one.writing, sim.requests, i)
        one.writing -= 1
        one.kv -= held
        sim.requests[i].written = sim.requests[i].target
        _end(sim, one, i, held)


@compiled
def _read(sim: Simulation, one: Row) -> None:
    """The prompts that are read through have a token, and write from now on."""
    i = one.newest
    while i >= 0 and sim.requests[i].place < 0:
        request = sim.requests[i]
        before = request.before
        if request.read >= request.goal:
            if request.written:
                sim.gaps[np.searchsorted(sim.edges, one.now - request.last)] += 1
            else:
                request.first = one.now
            request.written = min(request.written + 1, request.target)
            if request.written == request.target:
                _end(sim, one, i, request.goal)
            else:
                request.base = request.goal - one.tick
                request.key = one.tick + request.target - request.written
                push(sim.heaps[one.number], one.writing, sim.requests, i)
                one.writing += 1
                one.kv += request.goal
        i = before


@compiled
def _end(sim: Simulation, one: Row, i: int, held: int) -> None:
    """Request `i` is over, which held `held` tokens of the cache if it was given out as used."""
    request, totals = sim.requests[i], sim.totals[0]
    stop(one, sim.requests, i)
    one.used -= request.reserve if sim.rules.reserved else held
    one.open -= 1
    request.end = one.now
    if sim.rules.cap:
        request.key = one.now + sim.costs.outside
        push(sim.releases, totals.ending, sim.requests, i)
        totals.ending += 1
