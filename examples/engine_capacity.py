"""Finds how many requests a second one simulated GPU carries, by running the engine's own steps without waiting."""

import argparse
import heapq
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from replay import TRACE, quantile
from scripted_engine.batching import Replica, Sequence, StepCost
from traffic import Row, read_slice

PERCENTILE = 0.95
GRAIN = 0.1
WARM_UP_SHARE = 0.1


class SimulatedTime:
    """A clock that jumps from one call to the next."""

    def __init__(self) -> None:
        self._now = 0
        self._number = 0
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []

    def now_ns(self) -> int:
        """Nanoseconds since the beginning."""
        return self._now

    def at(self, when_ns: int, call: Callable[[], None]) -> None:
        """Run `call` when the clock gets there."""
        self._number += 1
        heapq.heappush(self._waiting, (when_ns, self._number, call))

    def run(self) -> None:
        """Make all calls in the order of their times, until none waits."""
        while self._waiting:
            self._now, _, call = heapq.heappop(self._waiting)
            call()


@dataclass(slots=True)
class Latencies:
    """Time to first token of each request, and its mean time per token after the first, milliseconds."""

    ttft: list[float] = field(default_factory=list)
    itl: list[float] = field(default_factory=list)

    def within(self, ttft_ms: float, itl_ms: float) -> bool:
        """True where both percentiles hold."""
        return quantile(self.ttft, PERCENTILE) <= ttft_ms and quantile(self.itl, PERCENTILE) <= itl_ms


def simulate(rows: list[Row], rate: float, seconds: float, seed: int) -> Latencies:
    """One replica under Poisson arrivals of `rate` a second with lengths drawn from `rows`; the warm-up is left out."""
    chance, time, seen = random.Random(seed), SimulatedTime(), Latencies()
    replica = Replica(time, StepCost())
    for at in _arrivals(rate, seconds, chance):
        row = chance.choice(rows)
        keep = seen if at >= WARM_UP_SHARE * seconds else Latencies()
        time.at(round(at * 1e9), _request(replica, time, row, keep))
    time.run()
    return seen


def _arrivals(rate: float, seconds: float, chance: random.Random) -> Iterator[float]:
    at = chance.expovariate(rate)
    while at < seconds:
        yield at
        at += chance.expovariate(rate)


def _request(replica: Replica, time: SimulatedTime, row: Row, seen: Latencies) -> Callable[[], None]:
    arrived = first = 0

    def on_token(last: bool) -> None:  # noqa: FBT001 – the engine's call-back
        nonlocal first
        if not first:
            first = time.now_ns()
            seen.ttft.append((first - arrived) / 1e6)
        if last and row.output_tokens > 1:
            seen.itl.append((time.now_ns() - first) / 1e6 / (row.output_tokens - 1))

    def arrive() -> None:
        nonlocal arrived
        arrived = time.now_ns()
        replica.admit(Sequence(row.input_tokens, row.output_tokens, on_token))

    return arrive


def capacity(rows: list[Row], ttft_ms: float, itl_ms: float, seconds: float, seed: int) -> tuple[float, Latencies]:
    """The highest rate, to 0.1 requests/s, whose percentiles hold, and the latencies there; found by bisection."""
    low, high, kept = 0.0, 40.0, Latencies()
    while high - low > GRAIN:
        rate = (low + high) / 2
        seen = simulate(rows, rate, seconds, seed)
        if seen.within(ttft_ms, itl_ms):
            low, kept = rate, seen
        else:
            high = rate
    return low, kept


def main(arguments: list[str] | None = None) -> int:
    """Print the capacity for the lengths of a trace."""
    parser = argparse.ArgumentParser(prog="engine_capacity.py", description=__doc__)
    parser.add_argument("--trace", type=Path, default=TRACE, help="whose lengths to use")
    parser.add_argument("--ttft-ms", type=float, default=500, help="objective for the 95th percentile (500)")
    parser.add_argument("--itl-ms", type=float, default=50, help="objective for the 95th percentile (50)")
    parser.add_argument("--seconds", type=float, default=600, help="simulated time of each try (600)")
    parser.add_argument("--seed", type=int, default=1, help="other arrivals (1)")
    told = parser.parse_args(arguments)
    rows = read_slice(told.trace, 0, 1e6)
    rate, seen = capacity(rows, told.ttft_ms, told.itl_ms, told.seconds, told.seed)
    print(
        f"{rate:.1f} requests/s on one simulated GPU: TTFT p95 {quantile(seen.ttft, PERCENTILE):.0f} ms, "
        f"ITL p95 {quantile(seen.itl, PERCENTILE):.1f} ms, from {len(seen.ttft):,} requests"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
