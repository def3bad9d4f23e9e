"""Times of one request as records have them, and whether a tool's own times agree with each other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.shape import ITL_BOUNDS_MS

TOLERANCE = 0.05
SLACK_US = 1000
A_YEAR_US = 366 * 86_400 * 1_000_000
DISAGREE = "TTFT + (n - 1) x ITL is not E2E, so that the time per output token was left out"


@dataclass(frozen=True, slots=True)
class Timing:
    """When the first token came, when the last, and which time per token the tool itself gives; microseconds.

    `gaps` are the times between content events; `None` where the tool does not say them.
    """

    ttft: int | None
    e2e: int | None
    itl: float | None = None
    gaps: Sequence[float] | None = None


def times(timing: Timing, own_tokens: int | None, tokens: int | None) -> Mapping[str, object]:
    """The columns of the record that `timing` gives, of an answer of `tokens`.

    Times that no answer takes are left out. TPOT is (E2E - TTFT) / (n - 1), as everywhere here, not the figure of the
    tool; ITL only where each event brought one token, because who counts events otherwise counts tokens twice or not at
    all. Both are left out where `disagree` says so of the tool's own count `own_tokens`.
    """
    ttft, e2e = (end if end is not None and 0 <= end < A_YEAR_US else None for end in (timing.ttft, timing.e2e))
    found: dict[str, object] = {"ttft_us": ttft, "e2e_us": e2e}
    if ttft is None or e2e is None or disagree(timing, own_tokens):
        return found
    if tokens is not None and tokens > 1:
        found["tpot_us"] = max(0, round((e2e - ttft) / (tokens - 1)))
    if timing.gaps is not None:
        found["chunks"] = len(timing.gaps) + 1
        if timing.gaps and len(timing.gaps) + 1 == tokens:
            found |= _of_gaps(np.array(timing.gaps))
    return found


def disagree(timing: Timing, tokens: int | None) -> bool:
    """Whether TTFT and the tool's own time per token do not add up to E2E, within 5 % and a millisecond."""
    if timing.ttft is None or timing.e2e is None or timing.itl is None or tokens is None or tokens < 2:
        return False
    total = timing.ttft + (tokens - 1) * timing.itl
    return abs(total - timing.e2e) > TOLERANCE * timing.e2e + SLACK_US


def _of_gaps(gaps: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> dict[str, object]:
    buckets = np.searchsorted(np.array(ITL_BOUNDS_MS) * 1000, gaps)
    ordered = np.sort(gaps)

    def nearest_rank(percent: int) -> int:
        return round(float(ordered[max(0, -(-len(ordered) * percent // 100) - 1)]))

    return {
        "itl_p50_us": nearest_rank(50),
        "itl_p95_us": nearest_rank(95),
        "itl_max_us": nearest_rank(100),
        "itl_counts": np.bincount(buckets, minlength=len(ITL_BOUNDS_MS) + 1).tolist(),
    }
