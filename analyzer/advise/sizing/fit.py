"""How far the simulation of what runs today is off what was recorded of it, and what is done about it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analyzer.advise.sized import FitError
from analyzer.advise.sizing.search import Engine
from analyzer.engine import StepTimes
from analyzer.replay import REJECTED, Pool, Requests, replay
from analyzer.replay.checking import ACCEPTED, CORRECTED, LEAST_REQUESTS
from analyzer.replay.outcome import scaled
from analyzer.throughput.timings import Timings

Floats = NDArray[np.float64]
ALONE = Pool(1)
ROUNDS = 8
AGREES = 0.02


@dataclass(frozen=True, slots=True)
class Compared:
    """The medians and 95 % points in milliseconds as recorded and as simulated, and the error that they make."""

    ttft_recorded: tuple[float, float]
    ttft_simulated: tuple[float, float]
    itl_recorded: tuple[float, float]
    itl_simulated: tuple[float, float]

    @property
    def error(self) -> FitError:
        """The worse of TTFT and ITL, as a share of what was recorded."""
        pairs = ((self.ttft_recorded, self.ttft_simulated), (self.itl_recorded, self.itl_simulated))
        return FitError(*(max(_off(recorded[at], said[at]) for recorded, said in pairs) for at in (0, 1)))

    @property
    def trusted(self) -> bool:
        """Whether medians are within 25 % and 95 % points within 35 %."""
        return self.error.p50_share <= ACCEPTED["p50"] and self.error.p95_share <= ACCEPTED["p95"]


@dataclass(frozen=True, slots=True)
class Corrected:
    """Step times with reading times `prefill` and writing times `decode`, and how far off the simulation is then."""

    times: StepTimes
    prefill: float
    decode: float
    compared: Compared


def compare(timings: Timings, engine: Engine, pool: Pool = ALONE) -> Compared | None:
    """The recorded requests simulated on the engines that they went to, each a `pool`; `None` with too few.

    Compared are completed requests with a TTFT that are not there only because they were in the way of others.
    """
    seen = list(_by_engine(timings, engine, pool))
    if sum(len(one[0]) for one in seen) < LEAST_REQUESTS:
        return None
    ttft, itl, ttft_said, itl_said = (np.concatenate(column) for column in zip(*seen, strict=True))
    return Compared(_points(ttft), _points(ttft_said), _points(itl), _points(itl_said))


def corrected(timings: Timings, engine: Engine, compared: Compared, pool: Pool = ALONE) -> Corrected:
    """The step times scaled until medians agree, each part within half and double, and how far off that leaves them.

    Prompts are in the way of what writes and the other way about, so that neither median tells alone which part is
    wrong: both are scaled, the requests simulated again, and so on. The answer is the round with the nearest medians.
    """
    rounds = [Corrected(engine.times, 1.0, 1.0, compared)]
    for _ in range(ROUNDS):
        last = rounds[-1]
        prefill = _scale(last.prefill, last.compared.ttft_recorded[0], last.compared.ttft_simulated[0])
        decode = _scale(last.decode, last.compared.itl_recorded[0], last.compared.itl_simulated[0])
        times = scaled(engine.times, prefill, decode)
        seen = compare(timings, replace(engine, times=times), pool)
        if seen is None or last.compared.error.p50_share < AGREES:
            break
        rounds.append(Corrected(times, prefill, decode, seen))
    return min(rounds, key=lambda one: one.compared.error.p50_share)


def _by_engine(timings: Timings, engine: Engine, pool: Pool) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
    """Of each engine: TTFT and ITL as recorded, then as simulated, of the requests that count."""
    for number in np.unique(timings.engine):
        rows = np.flatnonzero(timings.engine == number)
        rows = rows[np.argsort(timings.arrival_us[rows], kind="stable")]
        osl = np.maximum(timings.osl[rows], 1)
        unnamed = np.full(len(rows), -1, dtype=np.int64)
        requests = Requests(timings.arrival_us[rows], timings.isl[rows], osl, unnamed, timings.cached[rows])
        done = replay(requests, engine.limits, engine.times, pool)
        known = timings.counted[rows] & timings.completed[rows] & (done.status != REJECTED)
        known &= (timings.ttft_us[rows] > 0) & (timings.e2e_us[rows] >= timings.ttft_us[rows]) & (osl > 1)
        gaps = np.maximum(osl - 1, 1)
        itl = (timings.e2e_us[rows] - timings.ttft_us[rows]) / 1000 / gaps
        yield timings.ttft_us[rows][known] / 1000, itl[known], done.ttft_ms[known], done.itl_ms[known]


def _points(values: Floats) -> tuple[float, float]:
    median, high = np.nanquantile(values, (0.5, 0.95), method="inverted_cdf")
    return float(median), float(high)


def _off(recorded: float, said: float) -> float:
    return abs(said / recorded - 1) if recorded else 0.0


def _scale(factor: float, recorded: float, said: float) -> float:
    return float(np.clip(factor * recorded / said, *CORRECTED)) if said else factor
