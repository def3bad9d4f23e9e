"""Arrivals turned into the load they ask for."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClientShare:
    """One caller and its share (0..1) of the requests; `client_id` is `None` for requests that name no caller."""

    client_id: str | None
    share: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How requests arrive, from bins aligned to UTC between the first and the last request, empty ones counted.

    `peak_1s` and `peak_60s` are requests in the largest second and minute; `busy_p95_1s`, `poisson_p95_1s` and
    `negative_binomial_p95_1s` are requests in one second that 95 % of the seconds stay at or below, as counted and
    under the two laws. Dispersion is variance (n − 1) over mean of the bins, `None` with a single bin.
    """

    mean_rps: float
    peak_1s: int
    peak_60s: int
    busy_p95_1s: int
    poisson_p95_1s: int
    negative_binomial_p95_1s: int
    dispersion_1s: float | None
    dispersion_60s: float | None
    peak_60s_at: datetime
    peak_60s_client: ClientShare | None
