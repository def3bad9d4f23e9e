"""Whether answers have the lengths that a tool tells, judged by the time they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

FACTOR = 3.0


@dataclass(frozen=True, slots=True)
class Lengths:
    """Output tokens as a tool tells them and E2E of the same requests, under `load` requests per second."""

    load: float
    least: float
    p5: float
    median: float
    p95: float
    most: float
    e2e_p5: float
    e2e_median: float
    e2e_p95: float


def same_for_all(stages: Sequence[Lengths]) -> bool:
    """Whether all answers have one length although the tool tells different ones.

    Where hardly anything else runs, an answer takes as long as it has tokens: if told lengths spread (p5 to p95, over
    the median) more than three times as far as E2E does in the stage of the lowest load, they are not what was written.
    """
    quiet = min(stages, key=lambda stage: stage.load)
    if quiet.median <= 0 or quiet.e2e_median <= 0:
        return False
    told = (quiet.p95 - quiet.p5) / quiet.median
    took = (quiet.e2e_p95 - quiet.e2e_p5) / quiet.e2e_median
    return told > FACTOR * took


def every_answer(stages: Sequence[Lengths]) -> float:
    """The length that all answers have: the median of the stages' medians, to a whole number.

    Text that is counted anew has a few tokens more or fewer, but hardly so at the median.
    """
    return float(round(median(stage.median for stage in stages)))
