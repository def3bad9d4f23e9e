"""Traffic of a known engine: what it would have recorded, made by the simulation itself."""

from dataclasses import replace

import numpy as np

from analyzer.engine import EngineLimits, StepTimes, Throughput
from analyzer.replay import Pool, Recorded, Requests, replay
from analyzer.replay.checking import Checked, check
from analyzer.replay.outcome import Promise
from analyzer.replay.traffic import Routing
from analyzer.replay.whatif import Setup, WhatIf, what_if
from analyzer.throughput.timings import Timings
from tests.fakes.profiles import LLAMA_8B

TIMES = StepTimes(a0=4.0, a1=0.02, a2=0.0, b0=8.0, b1=0.02, b2=4e-5, m0=2.0)
LIMITS = EngineLimits(256, 8192, True, 400_000, 131_072, "as_used", True)
PROFILE = replace(LLAMA_8B, engine="vllm", prefix_caching=True, replicas=2)


def throughput(times: StepTimes = TIMES) -> Throughput:
    return Throughput(times, "stated", "As stated.", 0.1, None, None)


def setup(replicas: int = 2, times: StepTimes = TIMES, limits: EngineLimits = LIMITS) -> Setup:
    return Setup(replace(PROFILE, replicas=replicas), limits, throughput(times))


def requests(number: int, rps: float, days: int = 1, seed: int = 1) -> Requests:
    """Poisson arrivals on each of `days`, at the same hour, with log-normal lengths."""
    random = np.random.default_rng(seed)
    each = [np.cumsum(random.exponential(1e6 / rps, number // days)) + day * 86_400e6 for day in range(days)]
    arrival = np.concatenate(each).astype(np.int64)
    isl, osl = (np.maximum(random.lognormal(np.log(mean), 0.6, len(arrival)), 1) for mean in (800, 150))
    none = np.zeros(len(arrival), np.int64)
    return Requests(arrival, isl.astype(np.int64), osl.astype(np.int64), none - 1, none)


def recorded(
    number: int = 4000, rps: float = 5.0, days: int = 1, times: StepTimes = TIMES, replicas: int = 2
) -> Recorded:
    """What `replicas` engines with these step times recorded."""
    sent = requests(number, rps, days)
    found = replay(sent, LIMITS, times, Pool(replicas))
    return Recorded(sent, found.ttft_ms, found.itl_ms, found.e2e_ms, sent.arrival_us // 86_400_000_000, 0)


def timings(known: Recorded) -> Timings:
    """The same requests as what they took, all at one address."""
    sent, yes = known.requests, np.ones(len(known.requests), np.bool_)
    ttft, e2e = (
        np.where(np.isfinite(each), np.nan_to_num(each) * 1000, -1).round().astype(np.int64)
        for each in (known.ttft_ms, known.e2e_ms)
    )
    nowhere = np.zeros(len(sent), np.int64)
    return Timings(
        sent.arrival_us, sent.isl, sent.cached, sent.osl, ttft, e2e, yes, yes, nowhere, len(sent), sent.max_tokens
    )


def checked(known: Recorded, today: Setup, routing: Routing = "least_outstanding") -> Checked:
    """How near today's profile comes to what was recorded."""
    return check(timings(known), today.limits, today.throughput.times, today.profile.replicas, routing)


def asked(known: Recorded, today: Setup, other: Setup | None, promise: Promise, routing: Routing) -> WhatIf:
    """What another profile would change, with today's checked first."""
    return what_if(known, checked(known, today, routing), today, other, promise, routing)
