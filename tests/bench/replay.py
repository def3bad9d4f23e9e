"""`python -m tests.bench.replay`: how many requests a second the simulation replays on one core at steady load."""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from os import environ

import numpy as np

from analyzer.engine import EngineLimits, StepTimes
from analyzer.replay import Pool, Requests, replay

TARGET = 100_000.0
H100 = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, m0=4.44)  # an 8B model in bf16
LIMITS = EngineLimits(1024, 8192, True, 448_675, 131_072)
FIRST = "from tests.bench.replay import first; first()"


@dataclass(frozen=True, slots=True)
class Case:
    """Traffic of log-normal lengths with Poisson arrivals, near the most that the pool carries."""

    name: str
    rps: float
    isl: float
    osl: float
    pool: Pool
    limits: EngineLimits = LIMITS

    def requests(self, number: int) -> Requests:
        """The first `number` requests of it, the same ones every time."""
        random = np.random.default_rng(7)
        arrival = np.cumsum(random.exponential(1e6 / self.rps, number)).astype(np.int64)
        isl, osl = (np.maximum(random.lognormal(np.log(mean) - 0.125, 0.5, number), 1) for mean in (self.isl, self.osl))
        none = np.zeros(number, np.int64)
        return Requests(arrival, isl.astype(np.int64), osl.astype(np.int64), none - 1, none)


CASES = (
    Case("1 replica, 2000 in, 200 out", 9.0, 2000, 200, Pool(1)),
    Case("1 replica, 250 in, 800 out", 14.0, 250, 800, Pool(1)),
    Case("1 replica, 3500 in, 800 out", 2.8, 3500, 800, Pool(1)),
    Case("8 replicas in turn, 2000 in, 200 out", 72.0, 2000, 200, Pool(8, "round_robin")),
    Case("8 replicas by load, 2000 in, 200 out", 72.0, 2000, 200, Pool(8)),
    Case("64 replicas by load, 2000 in, 200 out", 576.0, 2000, 200, Pool(64)),
    Case("1 replica that preempts", 8.0, 2000, 200, Pool(1), EngineLimits(1024, 8192, True, 60_000, 59_000)),
)


def first() -> None:
    """One small replay: all that a process pays once."""
    replay(CASES[0].requests(10), LIMITS, H100, Pool(1))


def main() -> int:
    """Runs the bench; 1 where the target is missed."""
    told = _told()
    print(f"{'':38}  requests/s  steps/request  seconds")
    slowest = min(_measured(case, told.requests, told.rounds) for case in CASES)
    with tempfile.TemporaryDirectory() as kept:
        made, found = (_first(kept) for _ in range(2))
    print(f"machine code: {made:.1f} s to make the first time, {found:.2f} s to load afterwards")
    met = slowest >= TARGET
    print(f"target {TARGET:,.0f} requests/s on one core: {'met' if met else 'missed'}, the slowest is {slowest:,.0f}")
    return 0 if met else 1


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser("tests.bench.replay", description=__doc__)
    parser.add_argument("--requests", type=int, default=500_000, help="of each case (500,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median is told (3)")
    return parser.parse_args()


def _measured(case: Case, number: int, rounds: int) -> float:
    """Prints and answers requests per second of processor time: only one core is used, and others may be busy."""
    requests = case.requests(number)
    first()
    spent = []
    for _ in range(rounds):
        started = time.process_time()
        found = replay(requests, case.limits, H100, case.pool)
        spent.append(time.process_time() - started)
    took = float(np.median(spent))
    print(f"{case.name:38}  {number / took:10,.0f}  {found.steps / number:13.1f}  {took:7.2f}", flush=True)
    return number / took


def _first(kept: str) -> float:
    """Processor seconds of a process that replays ten requests, less those of one that only imports the simulation."""
    spent = []
    for command in ("import tests.bench.replay", FIRST):
        program = f"import time; {command}; print(time.process_time())"
        told = subprocess.run(
            [sys.executable, "-c", program],
            env=environ | {"NUMBA_CACHE_DIR": kept},
            capture_output=True,
            text=True,
            check=True,
        )
        spent.append(float(told.stdout))
    return spent[1] - spent[0]


if __name__ == "__main__":
    sys.exit(main())
