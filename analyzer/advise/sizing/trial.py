"""What the requests of one simulated run saw, and whether that keeps the objectives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyzer.advise.capacity import Objectives
from analyzer.replay import REJECTED, Replayed, Requests

DEFAULT_PERCENTILE = 95.0
WARM_UP = 0.15
WARM_UP_LIVES = 2.0
GROWTH = 1.3
NOISE = 5.0
MS_US = 1000.0


@dataclass(frozen=True, slots=True)
class Trial:
    """The latencies of one run at one percentile in milliseconds, warm-up left out; `nan` where none was measured.

    `itl_ms` is of each request's mean time per token after the first, (E2E - TTFT) / (tokens - 1), `token_itl_ms` of
    the single gaps between tokens, of the whole run with its warm-up, to 1 %. `steady` says that
    the requests in the system did not grow over the run, `lives` how many mean E2E times it lasted after the warm-up.
    """

    percentile: float
    ttft_ms: float
    itl_ms: float
    e2e_ms: float
    mean_e2e_ms: float
    rejected_share: float
    steady: bool
    lives: float
    requests: int
    token_itl_ms: float = float("nan")

    def missed(self, objectives: Objectives) -> tuple[str, ...]:
        """The objectives that were not kept, by name; `steady` where the queue grows, which no engine can serve.

        And `rejected` where more requests were refused than may miss an objective: they keep none.
        """
        limits = {"ttft": objectives.ttft_ms, "itl": objectives.itl_ms, "e2e": objectives.e2e_ms}
        seen = {"ttft": self.ttft_ms, "itl": self.itl_ms, "e2e": self.e2e_ms}
        over = [name for name, limit in limits.items() if limit is not None and not seen[name] <= limit]
        refused = any(limits.values()) and self.rejected_share > 1 - self.percentile / 100
        return (*over, *(("rejected",) if refused else ()), *(() if self.steady else ("steady",)))


def trial(requests: Requests, replayed: Replayed, percentile: float | None) -> Trial:
    """The run of `requests`, which came out as `replayed`.

    Left out as warm-up are the arrivals of the first 15 % of the run, and of the first two mean E2E times where these
    are longer. Percentiles are nearest-rank. Growth is judged by the requests in the system: their mean in the last
    quarter of the measured arrivals may be 1.3 times that of the first half, and five more.
    """
    at = (percentile or DEFAULT_PERCENTILE) / 100
    arrival = requests.arrival_us / MS_US
    begun, ended = float(arrival[0]), float(arrival[-1])
    served = replayed.status != REJECTED
    mean = float(replayed.e2e_ms[served].mean()) if served.any() else float("nan")
    warm = begun + min(max(WARM_UP * (ended - begun), WARM_UP_LIVES * mean), 0.5 * (ended - begun)) if mean else begun
    counted = served & (arrival >= warm)
    return Trial(
        percentile=at * 100,
        ttft_ms=_quantile(replayed.ttft_ms[counted], at),
        itl_ms=_quantile(replayed.itl_ms[counted], at, empty=0.0),
        e2e_ms=_quantile(replayed.e2e_ms[counted], at),
        mean_e2e_ms=float(replayed.e2e_ms[counted].mean()) if counted.any() else float("nan"),
        rejected_share=1 - float(served.mean()),
        steady=_steady(arrival[served], replayed.e2e_ms[served], warm, ended),
        lives=(ended - warm) / mean if mean else float("inf"),
        requests=int(counted.sum()),
        token_itl_ms=_of_tokens(replayed, at),
    )


def _of_tokens(replayed: Replayed, share: float) -> float:
    """The upper edge of the bucket that the quantile of all gaps between tokens lies in, nan without any gap."""
    sums = np.cumsum(replayed.itl_tokens)
    edges = replayed.itl_edges_ms
    place = int(np.searchsorted(sums, share * sums[-1]))
    return float(edges[min(place, len(edges) - 1)]) if sums[-1] else float("nan")


def _quantile(values: NDArray[np.float64], share: float, empty: float = float("nan")) -> float:
    """The nearest-rank quantile of what is known, `empty` where nothing is."""
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share, method="inverted_cdf")) if len(known) else empty


def _steady(arrival: NDArray[np.float64], e2e: NDArray[np.float64], warm: float, ended: float) -> bool:
    """Whether about as many requests are in the system towards the end as in the first half of the measured time."""
    if not len(arrival) or ended <= warm:
        return True
    ends = np.sort(arrival + e2e)
    at = np.linspace(warm, ended, 401)
    inside = np.searchsorted(arrival, at, side="right") - np.searchsorted(ends, at, side="right")
    early, late = float(inside[:200].mean()), float(inside[-100:].mean())
    return late <= GROWTH * early + NOISE
