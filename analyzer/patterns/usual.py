"""What an hour is like on the other days, the day itself left out."""

from dataclasses import dataclass

import numpy as np

from analyzer.patterns.calendar import HOURS, Calendar, FloatArray

OTHER_DAYS = 3  # with fewer other days nothing is usual
NARROWEST = 0.1  # the least spread of logarithms: ten per cent up or down is nothing
NORMAL = 1.4826  # median absolute deviation → standard deviation of a normal law
SEEN_S = 1800.0  # an hour of which less was seen has no rate


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """A figure of every hour (days × 24) beside the same figure at that hour on the other days.

    `most` and `median` are of the other days of the same kind (working days or weekends), of all other days where there
    are fewer than three of the kind; NaN where there are fewer than three at all. `spread` is the robust standard
    deviation of the logarithms of figure over median, all hours together.
    """

    found: FloatArray
    most: FloatArray
    median: FloatArray
    spread: float


def usual(days: Calendar, figure: FloatArray) -> Usual:
    """What `figure` (days × 24, NaN where it is not known) is on the other days."""
    most, median = (np.full(figure.shape, np.nan) for _ in range(2))
    for day in range(days.days):
        other = np.arange(days.days) != day
        alike = figure[other & (days.weekends == days.weekends[day])]
        every = figure[other]
        few = (~np.isnan(alike)).sum(axis=0) < OTHER_DAYS
        known = (~np.isnan(every)).sum(axis=0) >= OTHER_DAYS
        for hour in range(HOURS):
            if known[hour]:
                compared = every[:, hour] if few[hour] else alike[:, hour]
                most[day, hour] = np.nanmax(compared)
                median[day, hour] = np.nanmedian(compared)
    return Usual(figure, most, median, _spread(figure, median))


def _spread(figure: FloatArray, median: FloatArray) -> float:
    both = (np.nan_to_num(figure) > 0) & (np.nan_to_num(median) > 0)
    if not both.any():
        return NARROWEST
    logarithms = np.log(figure[both] / median[both])
    return max(NARROWEST, NORMAL * float(np.median(np.abs(logarithms - np.median(logarithms)))))
