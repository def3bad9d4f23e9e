"""What the next step of a replica holds, and how long it takes."""

from analyzer.replay.machine import compiled
from analyzer.replay.order import remove, start, stop, take_first, to_front
from analyzer.replay.state import Row, Simulation


@compiled
def spent(one: Row, steps: int) -> float:
    """The microseconds of the first `steps` steps of a run."""
    return float(one.first * steps + one.growth * (steps * (steps - 1) // 2))


@compiled
def decide(sim: Simulation, one: Row) -> None:
    """Fill the next step; where nobody reads, as many as pass until a request is over or the cache is full."""
    sent_back = not sim.rules.reserved and _make_room(sim, one)
    begun, tokens, spans = _prompts(sim, one, sent_back)
    costs = sim.costs
    work = costs.r0 * begun + costs.a1 * tokens + costs.a2 * spans
    one.steps, one.growth = 1, 0.0
    if not one.writing:
        one.first = costs.a0 + work
    else:
        one.first = costs.b0 + costs.b1 * one.writing + costs.b2 * (one.kv + one.writing)
        if tokens:
            one.first += costs.m0 + max(0.0, work - max(0.0, costs.overlap - costs.a1 * one.writing))
        elif not sent_back:
            one.growth = costs.b2 * one.writing
            one.steps = int(sim.requests[sim.heaps[one.number, 0]].key) - one.tick
            if _late(sim, one):
                one.steps = 1
            if not sim.rules.reserved:
                one.steps = min(one.steps, (sim.rules.pool - one.used) // one.writing)
    one.ends = one.now + spent(one, one.steps)


@compiled
def _make_room(sim: Simulation, one: Row) -> bool:
    """Send the newest back to the queue until each of the others has room for one token; whether any was."""
    sent_back = False
    while one.used + one.writing > sim.rules.pool:
        i = one.newest
        stop(one, sim.requests, i)
        request = sim.requests[i]
        if request.place >= 0:
            held = request.base + one.tick
            request.written = request.target - int(request.key - one.tick)
            request.last = one.now
            remove(sim.heaps[one.number], one.writing, sim.requests, i)
            one.writing -= 1
            one.kv -= held
            one.used -= held
        else:
            one.used -= request.goal
        to_front(one, sim.requests, i)
        sim.totals[0].preemptions += 1
        sent_back = True
    return sent_back


@compiled
def _prompts(sim: Simulation, one: Row, sent_back: bool) -> tuple[int, int, int]:  # noqa: FBT001  machine code knows no keywords
    """Give prompts their tokens of this step: how many begin, tokens read, and the tokens² of their attention."""
    left, begun, tokens, spans = sim.rules.budget - one.writing, 0, 0, 0
    i = one.newest  # only the newest can be one that is read in pieces
    if i < 0 or sim.requests[i].place >= 0:
        i = -1 if sent_back else _admitted(sim, one, left)
        begun += i >= 0
    while i >= 0:
        request = sim.requests[i]
        size = request.goal - request.read
        if sim.rules.chunked:
            size = min(size, left)
        tokens += size
        spans += size * (size + 2 * request.read)
        request.read += size
        left -= size
        i = -1 if sent_back else _admitted(sim, one, left)
        begun += i >= 0
    return begun, tokens, spans


@compiled
def _admitted(sim: Simulation, one: Row, left: int) -> int:
    """Let the first of the queue run if there is room for it in a step with `left` tokens; it, or -1."""
    rules = sim.rules
    if one.head < 0 or one.running >= rules.seqs or left <= 0 or _late(sim, one):
        return -1
    request = sim.requests[one.head]
    goal = request.prompt + request.written
    taken = request.reserve if rules.reserved else goal
    growing = 0 if rules.reserved else one.writing
    if one.used + growing + taken > rules.pool:
        return -1
    if not rules.chunked and goal - request.cached > left and left < rules.budget:
        return -1
    one.used += taken
    request.goal, request.read = goal, request.cached
    i = take_first(one, sim.requests)
    start(one, sim.requests, i)
    return i


@compiled
def _late(sim: Simulation, one: Row) -> bool:
    """Whether the first of the queue came when this step had been decided, as the one before it began."""
    return bool(sim.rules.ahead and one.head >= 0 and sim.requests[one.head].sent > one.began)
