"""From how much a figure was made and how sure it is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind one figure of an analysis.

    `figure` is its path in `analysis.json` below the model (`lengths.max_seq_len`), `requests` the requests it was made
    from, `days` the local calendar days on which they came, `interval` its bounds in the figure's own unit where there
    are any, and `sentence` says in words how it was made and what it does not cover.
    """

    figure: str
    requests: int
    days: int
    interval: tuple[float, float] | None
    sentence: str
