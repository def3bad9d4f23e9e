"""What a serving profile makes of recorded traffic: how fast, how much of it in time, and what it takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.engine import ServingProfile, StepTimes
from analyzer.replay.backlog import grows
from analyzer.replay.by_day import Draws, Figure, counted
from analyzer.replay.traffic import REJECTED, TRUNCATED, Floats, Ints, Recorded, Replayed

MEASURES = ("ttft_ms", "itl_ms", "e2e_ms")
SHARES = {"p50": 0.50, "p95": 0.95}
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Promise:
    """Limits in milliseconds that `percentile` per cent of the requests keep, rejected ones never; `None`: no limit."""

    ttft_ms: float | None = None
    itl_ms: float | None = None
    e2e_ms: float | None = None
    percentile: float = 95.0

    @property
    def limits(self) -> dict[str, float]:
        """The limits that there are, by the name of what they limit."""
        every = {"ttft_ms": self.ttft_ms, "itl_ms": self.itl_ms, "e2e_ms": self.e2e_ms}
        return {name: limit for name, limit in every.items() if limit is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One replay of recorded requests, and which of them count: those that came after the warm-up."""

    recorded: Recorded
    replayed: Replayed
    counts: NDArray[np.bool_]

    def measured(self, name: str) -> Floats:
        """A time of all counted requests in milliseconds, nan for those that have none."""
        values: Floats = getattr(self.replayed, name)
        return values[self.counts]

    @property
    def day(self) -> Ints:
        """The days of the counted requests."""
        return self.recorded.day[self.counts]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the counted requests.

    `times` are quantiles in milliseconds by measure and name; `kept` says by measure which share of the requests keeps
    its limit and `attained` which share keeps all of them, `None` where there is none; `meets` whether each limit is
    kept by as many as promised. `busy_share` is the time that replicas spend in steps, `gpu_hours` what they are there
    for, `queue_grows` whether requests come faster than they are served at the end.
    """

    requests: int
    truncated: Figure
    rejected: Figure
    times: dict[str, dict[str, Figure]]
    kept: dict[str, Figure]
    attained: Figure | None
    meets: bool | None
    busy_share: float
    peak_kv_tokens: int
    preemptions: int
    gpu_hours: float
    queue_grows: bool


def outcome(run: Run, profile: ServingProfile, promise: Promise, drawn: Draws) -> Outcome:
    """The outcome of a replay, with intervals by day; the times of rejected requests are none."""
    replayed, counts = run.replayed, run.counts
    number = int(counts.sum())
    of = np.bincount(run.day, minlength=drawn.weights.shape[1]).astype(np.float64)
    status = replayed.status[counts]
    kept = {name: _kept(run, name, limit) for name, limit in promise.limits.items()}
    all_kept = np.logical_and.reduce(list(kept.values())) if kept else None

    def share(hits: NDArray[np.bool_]) -> Figure:
        by_day = np.bincount(run.day, weights=hits, minlength=len(of)).astype(np.float64)
        return drawn.figure(float(hits.mean()), drawn.shares(by_day, of))

    shares = {name: share(hits) for name, hits in kept.items()}
    return Outcome(
        requests=number,
        truncated=share(status == TRUNCATED),
        rejected=share(status == REJECTED),
        times={name: _quantiles(run, name, drawn) for name in MEASURES},
        kept=shares,
        attained=None if all_kept is None else share(all_kept),
        meets=all(each.value >= promise.percentile / 100 for each in shares.values()) if shares else None,
        busy_share=replayed.busy_ms / (replayed.span_ms * profile.replicas) if replayed.span_ms else 0.0,
        peak_kv_tokens=replayed.peak_kv_tokens,
        preemptions=replayed.preemptions,
        gpu_hours=profile.replicas * profile.gpus_per_replica * span_ms(run.recorded) / HOUR_MS,
        queue_grows=queue_grows(run),
    )


def _kept(run: Run, name: str, limit: float) -> NDArray[np.bool_]:
    """Whether each counted request keeps a limit; a single token has no time to the next one, and keeps it."""
    rejected = run.replayed.status[run.counts] == REJECTED
    kept: NDArray[np.bool_] = ~rejected & ~(run.measured(name) > limit)
    return kept


def _quantiles(run: Run, name: str, drawn: Draws) -> dict[str, Figure]:
    values = run.measured(name)
    if not np.isfinite(values).any():
        return {}
    counts = counted(run.day, values, drawn.weights.shape[1])
    found = {label: nearest_rank(values, share) for label, share in SHARES.items()}
    return {label: drawn.figure(value, drawn.quantiles(counts, SHARES[label], value)) for label, value in found.items()}


def changes(before: Run, after: Run, name: str, drawn: Draws) -> dict[str, Figure]:
    """How much longer a time gets, as a share of what it was, both from the same draws of days."""
    old, new = before.measured(name), after.measured(name)
    if not (np.isfinite(old).any() and np.isfinite(new).any()):
        return {}
    days = drawn.weights.shape[1]
    tables = counted(before.day, old, days), counted(after.day, new, days)
    found = {}
    for label, share in SHARES.items():
        was, becomes = nearest_rank(old, share), nearest_rank(new, share)
        before_drawn, after_drawn = drawn.quantiles(tables[0], share, was), drawn.quantiles(tables[1], share, becomes)
        found[label] = drawn.figure(becomes / max(was, 1e-9) - 1, after_drawn / np.maximum(before_drawn, 1e-9) - 1)
    return found


def nearest_rank(values: Floats, share: float) -> float:
    """The smallest value that at least `share` of the values that are there do not exceed, nan without any."""
    known = values[np.isfinite(values)]
    return float(np.quantile(known, share, method="inverted_cdf")) if len(known) else float("nan")


def span_ms(recorded: Recorded) -> float:
    """From the first to the last arrival."""
    arrival = recorded.requests.arrival_us
    return float(arrival[-1] - arrival[0]) / 1000 if len(arrival) else 0.0


def queue_grows(run: Run) -> bool:
    """Whether requests come faster than they are served up to the end."""
    return grows(run.recorded.requests.arrival_us / 1000, run.replayed.ttft_ms, run.counts)


def scaled(times: StepTimes, prefill: float, decode: float) -> StepTimes:
    """The step times with all that reading takes times `prefill`, and all that writing takes times `decode`."""
    return StepTimes(
        a0=times.a0 * prefill,
        a1=times.a1 * prefill,
        a2=times.a2 * prefill,
        b0=times.b0 * decode,
        b1=times.b1 * decode,
        b2=times.b2 * decode,
        m0=times.m0 * decode,
        r0=times.r0 * prefill,
        outside_ms=times.outside_ms,
        overlap_ms=times.overlap_ms * decode,
    )
