"""Whether a replay of what runs today gives the latencies that were recorded, and what to correct where not."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analyzer.engine import StepTimes
from analyzer.replay.outcome import SHARES, Run, nearest_rank, scaled

ACCEPTED = {"p50": 0.25, "p95": 0.35}
CORRECTED = 0.5, 2.0
LEAST_REQUESTS = 100
COMPARED = ("ttft_ms", "itl_ms")
Again = Callable[[StepTimes], Run]


@dataclass(frozen=True, slots=True)
class Compared:
    """A quantile as recorded and as replayed, in milliseconds, of the same requests."""

    recorded: float
    replayed: float

    @property
    def error(self) -> float:
        """How much longer the replay took, as a share of what was recorded."""
        return self.replayed / max(self.recorded, 1e-9) - 1


@dataclass(frozen=True, slots=True)
class Checked:
    """How near a replay comes to the records, before and after a correction.

    By measure and quantile; empty where no latency is recorded. `prefill` and `decode` are what the step times were
    multiplied by, 1 where they were good enough as they are, from 0.5 to 2 else. `times` are the step times to use.
    """

    first: dict[str, dict[str, Compared]]
    corrected: dict[str, dict[str, Compared]]
    prefill: float
    decode: float
    times: StepTimes
    run: Run

    @property
    def accepted(self) -> bool:
        """Whether no correction was needed."""
        return bool(self.first) and all(near(each) for each in self.first.values())


def near(compared: dict[str, Compared]) -> bool:
    """Whether p50 is within 25 % and p95 within 35 %."""
    return all(abs(compared[name].error) <= share for name, share in ACCEPTED.items())


def check(times: StepTimes, again: Again) -> Checked:
    """Replay with `times` by `again`; where that is far off, correct what writing takes, then what reading takes.

    Each factor is what was recorded over what was replayed at the median. ITL goes first, because what writes is in the
    way of prompts.
    """
    run = again(times)
    first = compare(run)
    decode = 1.0 if "itl_ms" not in first or near(first["itl_ms"]) else _factor(first["itl_ms"])
    if decode != 1:
        run = again(scaled(times, 1.0, decode))
    between = compare(run)
    prefill = 1.0 if "ttft_ms" not in between or near(between["ttft_ms"]) else _factor(between["ttft_ms"])
    best = scaled(times, prefill, decode)
    if prefill != 1:
        run = again(best)
    return Checked(first, compare(run), prefill, decode, best, run)


def compare(run: Run) -> dict[str, dict[str, Compared]]:
    """Quantiles of each measure that at least a hundred requests have both recorded and replayed."""
    found = {}
    for name in COMPARED:
        recorded, replayed = getattr(run.recorded, name)[run.counts], run.measured(name)
        both = np.isfinite(recorded) & np.isfinite(replayed)
        if both.sum() >= LEAST_REQUESTS:
            found[name] = {
                label: Compared(nearest_rank(recorded[both], share), nearest_rank(replayed[both], share))
                for label, share in SHARES.items()
            }
    return found


def _factor(compared: dict[str, Compared]) -> float:
    low, high = CORRECTED
    return float(np.clip(compared["p50"].recorded / max(compared["p50"].replayed, 1e-9), low, high))
