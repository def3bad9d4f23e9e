"""When the observer is killed and stopped, and when the load pauses so that the account can be read."""

from dataclasses import dataclass
from typing import Literal

CYCLE_SECONDS = 240.0
"""Time from one quiet point to the next: three disturbances fit in, and an hour has fifteen."""
_LEAST_CYCLES = 4
_SHORT_STOP = 5.0
"""Seconds that the tap can hold: 2,000 chunks a second are about 0.7 MB."""
_LONG_STOP = 20.0
"""Seconds that it cannot: 8 MB are full after about twelve, and whole exchanges are dropped."""
_LAST_LIFE = 2 / 3
"""From this share of the run on nobody is killed, so that one observer lives long enough to show a leak of its own."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happens after `at` seconds under load; a stop lasts `seconds`, and may end in a kill."""

    at: float
    kind: Literal["kill", "stop", "stop and kill", "quiet"]
    seconds: float = 0.0


def schedule(seconds: float) -> list[Event]:
    """Everything that happens in so many seconds under load, in order; the last event is a quiet point at the end.

    A cycle has a kill under way, a stop that the tap can bridge, and one that it cannot, which ends in a kill: then the
    observer is lost with what nobody can tell its successor.
    """
    cycles = max(_LEAST_CYCLES, round(seconds / CYCLE_SECONDS))
    length = seconds / cycles
    scale = min(1.0, length / 60)
    events = []
    for cycle in range(cycles):
        start = cycle * length
        deadly = start + length <= _LAST_LIFE * seconds
        if deadly:
            events.append(Event(start + 0.15 * length, "kill"))
        events.append(Event(start + 0.35 * length, "stop", _SHORT_STOP * scale))
        events.append(Event(start + 0.6 * length, "stop and kill" if deadly else "stop", _LONG_STOP * scale))
        events.append(Event(start + length, "quiet"))
    return events
