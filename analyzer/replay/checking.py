"""Whether a simulation of what runs today gives the latencies that were recorded, and what to correct where not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay.outcome import SHARES, nearest_rank, scaled
from analyzer.replay.simulation import replay
from analyzer.replay.traffic import REJECTED, Floats, Ints, Pool, Requests, Routing
from analyzer.throughput.timings import Timings, replicas_behind

ACCEPTED = {"p50": 0.25, "p95": 0.35}
CORRECTED = 0.5, 2.0
LEAST_REQUESTS = 100
ROUNDS = 10
AGREES = 0.02  # nearer medians are no better
WARM_UP = 5  # mean times of a request, as nothing is in flight when a simulation begins
MOST_WARM_UP = 0.1  # of the requests


@dataclass(frozen=True, slots=True)
class Compared:
    """A quantile as recorded and as replayed, in milliseconds, of the same requests."""

    recorded: float
    replayed: float

    @property
    def error(self) -> float:
        """How much longer the replay took, as a share of what was recorded."""
        return self.replayed / max(self.recorded, 1e-9) - 1


Measures = Mapping[str, Mapping[str, Compared]]


@dataclass(frozen=True, slots=True)
class Checked:
    """How near a simulation comes to the records, before and after a correction.

    `first` and `corrected` are by measure and quantile, empty where too few latencies are recorded; `requests` were
    compared at most. `prefill` and `decode` are what the step times were multiplied by, 1 where they were good enough
    as they are or nothing is better, from 0.5 to 2 else. `times` are the step times to use.
    """

    first: Measures
    corrected: Measures
    prefill: float
    decode: float
    times: StepTimes
    requests: int = 0

    @property
    def accepted(self) -> bool:
        """Whether no correction was needed: every p50 within 25 % and every p95 within 35 %."""
        return bool(self.first) and all(off(self.first, label) <= share for label, share in ACCEPTED.items())


def off(compared: Measures, label: str) -> float:
    """How far the worst measure is off at one quantile (p50, p95), as a share of what was recorded."""
    return max((abs(each[label].error) for each in compared.values()), default=0.0)


def unchecked(times: StepTimes) -> Checked:
    """Step times that nothing is recorded to check them by."""
    return Checked({}, {}, 1.0, 1.0, times)


def check(timings: Timings, limits: EngineLimits, times: StepTimes, replicas: int, routing: Routing) -> Checked:
    """Simulate recorded requests on the engines that they went to, which `replicas` share; correct where it is far off.

    What reading and what writing takes are scaled until the medians of TTFT and of ITL agree. Prompts are in the way of
    what writes and the other way about, so that neither median tells alone which part is wrong: both are scaled, the
    requests are simulated again, and so on, in smaller steps where one went too far. No correction is taken with which
    the worst p50 or the worst p95 is further off than without.
    """
    pool = Pool(round(replicas_behind(timings, replicas)), routing)
    first, requests = _compared(timings, limits, times, pool)
    best = Checked(first, first, 1.0, 1.0, times, requests)
    if not first or best.accepted:
        return best
    step = 1.0
    for _ in range(ROUNDS):
        prefill, decode = _nearer(best, "ttft_ms", best.prefill, step), _nearer(best, "itl_ms", best.decode, step)
        tried = scaled(times, prefill, decode)
        seen, _requests = _compared(timings, limits, tried, pool)
        if _better(seen, best):
            best = Checked(first, seen, prefill, decode, tried, requests)
        else:
            step /= 2
        if off(best.corrected, "p50") < AGREES:
            break
    return best


def _nearer(best: Checked, measure: str, factor: float, step: float) -> float:
    """The factor of one part by which the median of its measure would agree, with a `step` of 1."""
    if measure not in best.corrected:
        return factor
    median = best.corrected[measure]["p50"]
    ratio = max(median.recorded, 1e-9) / max(median.replayed, 1e-9)
    return float(np.clip(factor * ratio**step, *CORRECTED))


def _better(seen: Measures, best: Checked) -> bool:
    """Whether medians are nearer, and neither they nor any p95 further off than without a correction."""
    if seen.keys() != best.first.keys():  # other requests are refused
        return False
    kept = all(off(seen, label) <= off(best.first, label) for label in ACCEPTED)
    return kept and off(seen, "p50") < off(best.corrected, "p50")


def settled(arrival_us: Ints, e2e_ms: Floats) -> NDArray[np.bool_]:
    """Which requests come when a simulation is no longer nearly empty: after five mean times, at most a tenth."""
    known = e2e_ms[np.isfinite(e2e_ms)]
    since = (arrival_us - arrival_us[0]) / 1000
    begun = int(np.searchsorted(since, WARM_UP * known.mean())) if len(known) else 0
    late: NDArray[np.bool_] = np.arange(len(arrival_us)) >= min(begun, int(len(arrival_us) * MOST_WARM_UP))
    return late


def _compared(timings: Timings, limits: EngineLimits, times: StepTimes, pool: Pool) -> tuple[Measures, int]:
    """Quantiles of each measure that at least a hundred requests have both recorded and simulated, and how many do."""
    parts = list(_by_engine(timings, limits, times, pool))
    found, most = {}, 0
    for measure in ("ttft_ms", "itl_ms"):
        pairs = [part[measure] for part in parts]
        recorded, replayed = (np.concatenate([np.zeros(0), *(pair[side] for pair in pairs)]) for side in (0, 1))
        if len(recorded) >= LEAST_REQUESTS:
            most = max(most, len(recorded))
            found[measure] = {
                label: Compared(nearest_rank(recorded, share), nearest_rank(replayed, share))
                for label, share in SHARES.items()
            }
    return found, most


def _by_engine(
    timings: Timings, limits: EngineLimits, times: StepTimes, pool: Pool
) -> Iterator[dict[str, tuple[Floats, Floats]]]:
    """Of each engine and measure: as recorded, then as simulated, of the requests that count.

    What ended early and without a token is left out, as nobody knows what it was to the engine.
    """
    there = timings.completed | (timings.osl > 0)
    for number in np.unique(timings.engine[there]):
        rows = np.flatnonzero(there & (timings.engine == number))
        rows = rows[np.argsort(timings.arrival_us[rows], kind="stable")]
        osl, ttft, e2e = timings.osl[rows], timings.ttft_us[rows] / 1000, timings.e2e_us[rows] / 1000
        named = np.full(len(rows), -1, dtype=np.int64) if timings.max_tokens is None else timings.max_tokens[rows]
        requests = Requests(timings.arrival_us[rows], timings.isl[rows], osl, named, timings.cached[rows])
        done = replay(requests, limits, times, pool)
        counts = timings.counted[rows] & (done.status != REJECTED) & settled(requests.arrival_us, done.e2e_ms)
        counts &= ttft > 0
        gaps = counts & timings.completed[rows] & (e2e >= ttft) & (osl > 1) & np.isfinite(done.itl_ms)
        itl = (e2e - ttft) / np.maximum(osl - 1, 1)
        yield {"ttft_ms": (ttft[counts], done.ttft_ms[counts]), "itl_ms": (itl[gaps], done.itl_ms[gaps])}
