"""The span of time that is analysed, and the hours in it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open span `start` ≤ t < `end` with the time zone whose hours and days are meant.

    Both ends are aware and in `timezone` (an IANA name).
    """

    start: datetime
    end: datetime
    timezone: str

    @property
    def days(self) -> float:
        """Local calendar length in days: a week is 7 also when a clock change makes it an hour shorter."""
        return (self.end.replace(tzinfo=None) - self.start.replace(tzinfo=None)).total_seconds() / 86_400

    @property
    def name(self) -> str:
        """A folder's name for the window that sorts by time: `2025-04-07--2025-04-14`, with times where it has any."""
        whole_days = all((t.hour, t.minute, t.second, t.microsecond) == (0, 0, 0, 0) for t in (self.start, self.end))
        form = "%Y-%m-%d" if whole_days else "%Y-%m-%dT%H%M%S"
        return f"{self.start:{form}}--{self.end:{form}}"
