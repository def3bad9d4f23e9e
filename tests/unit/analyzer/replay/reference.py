"""The same simulation step by step and request by request, as plain as it can be: what the fast one is held against."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, Requests


@dataclass(eq=False)
class Job:
    number: int
    sent: float
    isl: int
    target: int
    cached: int
    reserve: int
    refused: bool
    read: int = 0
    goal: int = 0
    written: int = 0
    writes: bool = False
    stamps: list[float] = field(default_factory=list)
    admitted: list[float] = field(default_factory=list)


@dataclass
class Outcome:
    jobs: list[Job]
    gaps: Counter[float]
    busy: float
    steps: int
    preemptions: int
    peak: int


class Engine:
    """One replica; all times are microseconds."""

    def __init__(self, limits: EngineLimits, costs: Sequence[float]) -> None:
        self.limits = limits
        self.costs = costs
        self.waiting: list[Job] = []
        self.running: list[Job] = []
        self.now = 0.0
        self.ends: float | None = None
        self.began: float | None = None
        self.open = 0
        self.busy, self.steps, self.preemptions, self.peak = 0.0, 0, 0, 0

    @property
    def at(self) -> float | None:
        """When something happens next."""
        if self.ends is not None:
            return self.ends
        return self.now if self.running or self.waiting else None

    def held(self) -> int:
        if self.limits.admission == "reserved":
            return sum(job.reserve for job in self.running)
        # the newest token of a writing request is in no cache yet
        return sum(job.isl + job.written - 1 if job.writes else job.goal for job in self.running)

    def begin(self) -> None:
        """Decide what the step holds that starts now."""
        limits, (a0, a1, a2, b0, b1, b2, m0, r0, _, overlap) = self.limits, self.costs
        used, sent_back = self.held(), False
        growing = 1 if limits.admission == "as_used" else 0
        while used + growing * sum(job.writes for job in self.running) > limits.kv_pool_tokens:
            job = self.running.pop()
            job.writes = False
            self.waiting.insert(0, job)
            self.preemptions += 1
            used, sent_back = self.held(), True
        writers = [job for job in self.running if job.writes]
        used += growing * len(writers)
        left, chunks, begun = limits.max_num_batched_tokens - len(writers), [], 0
        for job in self.running:
            if not job.writes:
                chunks.append((min(left, job.goal - job.read), job.read))
                job.read += chunks[-1][0]
                left -= chunks[-1][0]
        seqs = min(limits.max_num_seqs, limits.max_num_batched_tokens)
        while self.waiting and not sent_back and left > 0 and len(self.running) < seqs:
            job = self.waiting[0]
            if limits.async_scheduling and self.began is not None and job.sent > self.began:
                break  # this step was decided on when the one before it began
            need = job.reserve if limits.admission == "reserved" else job.isl + job.written
            new = job.isl + job.written - job.cached
            if used + need > limits.kv_pool_tokens:
                break
            if not limits.chunked_prefill and new > left and left != limits.max_num_batched_tokens:
                break
            self.running.append(self.waiting.pop(0))
            job.admitted.append(self.now)
            used += need
            job.goal = job.isl + job.written
            chunks.append((min(left, new) if limits.chunked_prefill else new, job.cached))
            job.read = job.cached + chunks[-1][0]
            left -= chunks[-1][0]
            begun += 1
        spent = r0 * begun + a1 * sum(x for x, _ in chunks) + a2 * sum(x * (x + 2 * done) for x, done in chunks)
        if writers:
            free = max(overlap - a1 * len(writers), 0.0)
            decoding = b0 + b1 * len(writers) + b2 * sum(job.isl + job.written for job in writers)
            spent = decoding + m0 + max(spent - free, 0.0) if chunks else decoding
        else:
            spent += a0
        self.peak = max(self.peak, used)
        self.busy += spent
        self.steps += 1
        self.began = self.now
        self.ends = self.now + spent

    def end(self) -> list[Job]:
        """The step is over; the requests that are with it."""
        assert self.ends is not None
        self.now, self.ends = self.ends, None
        over = []
        for job in list(self.running):
            if not job.writes and job.read < job.goal:
                continue
            job.writes = True
            job.stamps.append(self.now)
            job.written += 1
            if job.written >= job.target:
                self.running.remove(job)
                self.open -= 1
                over.append(job)
        if not self.running:
            self.began = None
        return over


def simulate(requests: Requests, limits: EngineLimits, times: StepTimes, pool: Pool) -> Outcome:
    """Every step of every replica, in the order of time."""
    costs = [value * 1000.0 for value in times.values]
    jobs = [_job(number, requests, limits) for number in range(len(requests))]
    to_send = [job for job in jobs if not job.refused]
    engines = [Engine(limits, costs) for _ in range(pool.replicas)]
    heard: list[float] = []  # when clients hear that a request is over
    gone, last, clock = 0, -1, 0.0
    while True:
        may_send = pool.most_in_flight is None or gone < pool.most_in_flight
        arrival = max(to_send[0].sent, clock) if to_send and may_send else None
        ends = min((engine.ends for engine in engines if engine.ends is not None), default=None)
        begins = min((e.now for e in engines if e.ends is None and e.at is not None), default=None)
        release = min(heard, default=None) if pool.most_in_flight is not None else None
        moments = [moment for moment in (ends, release, arrival, begins) if moment is not None]
        if not moments:
            break
        clock = min(moments)
        if clock == ends:
            engine = next(engine for engine in engines if engine.ends == clock)
            heard += [clock + costs[8] for _ in engine.end()]
        elif clock == release:
            heard.remove(clock)
            gone -= 1
        elif clock == arrival:
            job = to_send.pop(0)
            job.sent = clock
            order = [engines[(last + 1 + k) % len(engines)] for k in range(len(engines))]
            chosen = min(order, key=lambda engine: engine.open) if pool.routing == "least_outstanding" else order[0]
            last = engines.index(chosen)
            chosen.now = clock if chosen.at is None else chosen.now
            chosen.waiting.append(job)
            chosen.open += 1
            gone += 1
        else:
            next(e for e in engines if e.ends is None and e.at == clock).begin()
    gaps = Counter(later - before for job in jobs for before, later in zip(job.stamps, job.stamps[1:], strict=False))
    return Outcome(
        jobs,
        gaps,
        sum(engine.busy for engine in engines),
        sum(engine.steps for engine in engines),
        sum(engine.preemptions for engine in engines),
        max((engine.peak for engine in engines), default=0),
    )


def _job(number: int, requests: Requests, limits: EngineLimits) -> Job:
    isl = max(int(requests.isl[number]), 1)
    room = limits.max_model_len - isl
    target = min(int(requests.osl[number]), room)
    asked = int(requests.max_tokens[number])
    most = max(room if asked < 0 else min(asked, room), target)
    return Job(
        number=number,
        sent=float(requests.arrival_us[number] - requests.arrival_us[0]),
        isl=isl,
        target=target,
        cached=min(int(requests.cached[number]), isl - 1) if limits.prefix_caching else 0,
        reserve=min(isl + most, limits.kv_pool_tokens),
        refused=room < 1 or isl + max(target - 1, 0) > limits.kv_pool_tokens,
    )
