"""Replicas by hour of the week as levels, each with the cron windows in which at least that many are needed."""

from dataclasses import dataclass

from analyzer.emit.cron import CronWindow, cron_windows
from analyzer.emit.recommendation import Recommendation

_WITHIN_TOLERANCE = 10
_NIGHT_HOURS = {"0", "1", "2", "3"}


@dataclass(frozen=True, slots=True)
class Level:
    """A number of replicas with the windows at which at least so many run, and the seasons that this is for.

    Levels are nested, so that a higher level always lies within the lower ones: at a change between two of them no
    moment falls back to the fewest.
    """

    replicas: int
    windows: tuple[CronWindow, ...]
    seasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """What the level is for."""
        named = f" ({', '.join(self.seasons)})" if self.seasons else ""
        return f"At least {replicas(self.replicas)}{named}."


def levels(recommendation: Recommendation) -> tuple[Level, ...]:
    """The levels above the fewest replicas of the week, the lowest first; none where one number serves all hours."""
    by_hour = recommendation.replicas_by_hour()
    return tuple(
        Level(
            number,
            cron_windows({hour for hour, own in enumerate(by_hour) if own >= number}),
            tuple(season.name for season in recommendation.seasons if season.replicas >= number),
        )
        for number in sorted(set(by_hour))[1:]
    )


def within_tolerance(found: tuple[Level, ...]) -> bool:
    """Whether a horizontal pod autoscaler may stop short of a level or above it.

    By default it leaves the replicas as they are where the wanted number is within 10 % of them: from 10 wanted on, one
    more or less is. As it scales up in steps, it may stop on its way to any such level (kedacore/keda #7900).
    """
    return any(level.replicas >= _WITHIN_TOLERANCE for level in found)


def at_night(found: tuple[Level, ...]) -> bool:
    """Whether a window begins or ends between 0 and 3 o'clock, where clocks are put forward in most places."""
    hours = {
        hour
        for level in found
        for window in level.windows
        for expression in (window.start, window.end)
        for hour in _hours(expression.split()[1])
    }
    return bool(hours & _NIGHT_HOURS)


def replicas(number: int) -> str:
    """1 replica, 2 replicas."""
    return f"{number:,} replica" + ("" if number == 1 else "s")


def _hours(listed: str) -> set[str]:
    if listed == "*":
        return set(_NIGHT_HOURS)
    found = set()
    for part in listed.split(","):
        first, _, last = part.partition("-")
        found |= {str(hour) for hour in range(int(first), int(last or first) + 1)}
    return found
