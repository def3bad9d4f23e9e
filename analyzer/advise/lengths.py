"""Which length limits to run with, and how sure that is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LengthAdvice:
    """Recommended limits in tokens; a limit is `None` where there are too few requests for its bound.

    `isl_bound`, `osl_bound` and `total_bound` are upper confidence bounds (at `confidence`) of the length that a share
    of `target_over_share` of the requests exceeds. `over_share` is the share of the recorded requests longer than
    `max_seq_len`, `over_share_bound` its upper confidence bound. `right_censored` says that the lengths seen were cut
    off by a limit already in force. `drift_per_week` is in tokens, `None` where it was not computed. `effect` says in
    words what the limits change and what they do not.
    """

    target_over_share: float
    confidence: float
    max_input_len: int | None
    max_output_len: int | None
    max_seq_len: int | None
    isl_bound: int | None
    osl_bound: int | None
    total_bound: int | None
    over_share: float | None
    over_share_bound: float | None
    right_censored: bool
    drift_per_week: float | None
    effect: str
