"""A pool of replicas: which gets a request and when, and each of them run until then."""

from math import inf, sqrt

from analyzer.replay.machine import compiled
from analyzer.replay.order import remove, to_back
from analyzer.replay.scheduling import decide, spent
from analyzer.replay.state import Row, Simulation
from analyzer.replay.stepping import finish

# A replica has nothing to do, or is in the middle of a run of steps, or is at the end of one with the next undecided.
# Of what happens at the same moment the ends of steps come first, then arrivals, then the decision what a step holds.


@compiled
def run(sim: Simulation) -> None:
    """Send all requests in their order and run the pool until the last one is over."""
    requests, replicas, rules = sim.requests, sim.replicas, sim.rules
    last, clock = -1, 0.0
    for i in range(len(requests)):
        if requests[i].refused:
            continue
        moment = requests[i].sent
        if rules.cap:
            moment = clock = _free(sim, max(moment, clock))
            requests[i].sent = moment
        if rules.least_outstanding:
            _advance_all(sim, moment)
            last = _least(sim, last)
        else:
            last = (last + 1) % len(replicas)
            _advance(sim, replicas[last], moment)
        _arrive(sim, replicas[last], i, moment)
    _advance_all(sim, inf)


@compiled
def _arrive(sim: Simulation, one: Row, i: int, moment: float) -> None:
    """Request `i` joins the queue; where it could be let in, a run ends with the step that is going on."""
    if not one.steps and not one.running and one.head < 0:
        one.now = moment
    elif one.steps > 1 and one.head < 0 and one.running < sim.rules.seqs:
        one.steps = _begun(one, moment)
        one.ends = one.now + spent(one, one.steps)
    one.open += 1
    to_back(one, sim.requests, i)


@compiled
def _begun(one: Row, moment: float) -> int:
    """How many steps of a run begin before `moment`: the root of a quadratic, made exact."""
    passed, half = moment - one.now, one.first - one.growth / 2
    if passed <= 0:
        return 1
    steps = int(2 * passed / (half + sqrt(half * half + 2 * one.growth * passed)))
    while steps < 1 or spent(one, steps) < passed:
        steps += 1
    while steps > 1 and spent(one, steps - 1) >= passed:
        steps -= 1
    return steps


@compiled
def _advance(sim: Simulation, one: Row, until: float) -> None:
    """Run one replica: what ends by `until` is over, and what begins before it has begun."""
    while True:
        if one.steps:
            if one.ends > until:
                return
            finish(sim, one)
        else:
            if one.now >= until or not (one.running or one.head >= 0):
                return
            decide(sim, one)


@compiled
def _advance_all(sim: Simulation, until: float) -> None:
    for r in range(len(sim.replicas)):
        _advance(sim, sim.replicas[r], until)


@compiled
def _least(sim: Simulation, last: int) -> int:
    """The replica with the fewest requests; of equals the next one after `last`."""
    best = (last + 1) % len(sim.replicas)
    for offset in range(1, len(sim.replicas)):
        r = (last + 1 + offset) % len(sim.replicas)
        if sim.replicas[r].open < sim.replicas[best].open:
            best = r
    return best


@compiled
def _free(sim: Simulation, moment: float) -> float:
    """When a client may send the next request that is ready at `moment`, and count it as open."""
    totals = sim.totals[0]
    _advance_all(sim, moment)
    while totals.ending and sim.requests[sim.releases[0]].key <= moment:
        _release(sim)
    while totals.open >= sim.rules.cap:
        at, r = _next(sim)
        if totals.ending and sim.requests[sim.releases[0]].key <= at:
            moment = sim.requests[sim.releases[0]].key
            _release(sim)
        elif sim.replicas[r].steps:
            finish(sim, sim.replicas[r])
        else:
            decide(sim, sim.replicas[r])
    totals.open += 1
    return moment


@compiled
def _release(sim: Simulation) -> None:
    """The client hears that the request is over."""
    totals = sim.totals[0]
    remove(sim.releases, totals.ending, sim.requests, sim.releases[0])
    totals.ending -= 1
    totals.open -= 1


@compiled
def _next(sim: Simulation) -> tuple[float, int]:
    """When which replica has something to end or, if nothing ends at that moment, to decide."""
    best, number = inf, -1
    for r in range(len(sim.replicas)):
        one = sim.replicas[r]
        at = one.ends if one.steps else one.now
        if (one.steps or one.running or one.head >= 0) and (at < best or (at == best and one.steps)):
            best, number = at, r
    return best, number
