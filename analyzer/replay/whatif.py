"""What another serving profile would make of the recorded traffic, measured against what runs today."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analyzer.engine import EngineLimits, ServingProfile, StepTimes, Throughput
from analyzer.replay.by_day import Figure, draws
from analyzer.replay.checking import Checked, settled
from analyzer.replay.outcome import MEASURES, Outcome, Promise, Run, changes, outcome, scaled, span_ms
from analyzer.replay.simulation import replay
from analyzer.replay.traffic import Pool, Recorded, Routing

Confidence = Literal["checked", "low", "unchecked"]
LEAST_LENGTHS = 20  # mean times of a request
LEAST_MS = 600_000.0
EXTRAPOLATED = 1.25  # times the most concurrent requests that were measured


@dataclass(frozen=True, slots=True)
class Setup:
    """A serving profile, what its scheduler keeps to, what its steps take, and what a GPU costs an hour, if known."""

    profile: ServingProfile
    limits: EngineLimits
    throughput: Throughput
    price_per_gpu_hour: float | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What a profile makes of the traffic, and what of that is outside what was measured."""

    setup: Setup
    outcome: Outcome
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer: what runs today, checked, and the other profile with what would change.

    `confidence` is `checked` where today's replay comes near to the records, `low` where it had to be corrected,
    `unchecked` where no latency is recorded. `changes` are by measure and quantile, as shares of what they were.
    `disproved` are sentences about knobs of today's profile that cannot be what ran.
    """

    requests: int
    counted: int
    left_out: int
    days: int
    span_ms: float
    long_enough: bool
    promise: Promise
    confidence: Confidence
    checked: Checked
    current: Tried
    against: Tried | None
    changes: dict[str, dict[str, Figure]]
    disproved: tuple[str, ...] = ()


def what_if(
    recorded: Recorded, checked: Checked, current: Setup, against: Setup | None, promise: Promise, routing: Routing
) -> WhatIf:
    """Replay `recorded`, at least one request, with what runs today and, where given, with another profile.

    Both are replayed with step times that are corrected by what `checked` found today's to be off.
    """
    run, days = _run(recorded, current, checked.times, routing), int(recorded.day.max()) + 1
    drawn = draws(days)
    today = Tried(current, outcome(run, current.profile, promise, drawn), _cautions(current, None, run))
    other, changed = None, {}
    if against is not None:
        times = scaled(against.throughput.times, checked.prefill, checked.decode)
        after = replace(_run(recorded, against, times, routing), counts=run.counts)
        other = Tried(against, outcome(after, against.profile, promise, drawn), _cautions(against, current, after))
        changed = {name: changes(run, after, name, drawn) for name in MEASURES}
    return WhatIf(
        requests=len(recorded.requests),
        counted=int(run.counts.sum()),
        left_out=recorded.left_out,
        days=len(np.unique(recorded.day)),
        span_ms=span_ms(recorded),
        long_enough=long_enough(run),
        promise=promise,
        confidence="unchecked" if not checked.first else "checked" if checked.accepted else "low",
        checked=checked,
        current=today,
        against=other,
        changes=changed,
    )


def _run(recorded: Recorded, setup: Setup, times: StepTimes, routing: Routing) -> Run:
    replayed = replay(recorded.requests, setup.limits, times, Pool(setup.profile.replicas, routing))
    return Run(recorded, replayed, settled(recorded.requests.arrival_us, replayed.e2e_ms))


def long_enough(run: Run) -> bool:
    """Whether the records span ten minutes and twenty times what a request takes on average."""
    known = run.replayed.e2e_ms[np.isfinite(run.replayed.e2e_ms)]
    needed = max(LEAST_MS, LEAST_LENGTHS * float(known.mean())) if len(known) else LEAST_MS
    return span_ms(run.recorded) >= needed


def _cautions(setup: Setup, measured: Setup | None, run: Run) -> tuple[str, ...]:
    """What of a replay lies outside what was measured, one sentence each."""
    said = []
    largest = setup.throughput.largest_batch
    at_once = _at_once(run) / setup.profile.replicas
    if largest is not None and at_once > EXTRAPOLATED * largest:
        said.append(
            f"Up to {at_once:,.0f} requests are on one replica, and step times were measured up to {largest:,.0f}: "
            "beyond that they are extrapolated."
        )
    if measured is not None and setup.throughput.times != measured.throughput.times:
        said.append(
            "Model only: what its steps take was reckoned and not measured, as it differs from what runs today in more "
            "than limits and replicas."
        )
    return tuple(said)


def _at_once(run: Run) -> float:
    """How many requests are in flight at hardly any arrival more: the 99th percentile."""
    served = np.isfinite(run.replayed.e2e_ms)
    begin = run.recorded.requests.arrival_us[served] / 1000
    end = np.sort(begin + run.replayed.e2e_ms[served])
    level = np.arange(1, len(begin) + 1) - np.searchsorted(end, begin, side="right")
    return float(np.quantile(level, 0.99)) if len(level) else 0.0
