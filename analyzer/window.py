"""The span of time that is analysed, and the hours in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

HOUR = timedelta(hours=1)
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
LAST_MINUTE = timedelta(minutes=1)
HOUR_US = 3_600_000_000
WEEK_DAYS = 7
EVERYTHING_BELOW = timedelta(days=2)
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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

    def local(self, microseconds: int) -> datetime:
        """The moment `microseconds` after the epoch, on the window's clock."""
        return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)).astimezone(
            ZoneInfo(self.timezone)
        )


@dataclass(frozen=True, slots=True, order=True)
class HourOfWeek:
    """One of the 168 hours of the week, counted from Monday 00:00 on a local clock."""

    index: int

    @classmethod
    def of(cls, moment: datetime) -> "HourOfWeek":
        """The hour of the week that `moment` lies in, on its own clock."""
        return cls(moment.weekday() * 24 + moment.hour)


def microseconds(moment: datetime) -> int:
    """Microseconds since the epoch of an aware moment, exactly."""
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)


def moment(text: str, timezone: str) -> datetime:
    """The moment that an ISO date or time names; without an offset it is on the clock of `timezone`.

    Raises `ValueError` when `text` is neither.
    """
    parsed = datetime.fromisoformat(text)
    zone = ZoneInfo(timezone)
    return parsed.replace(tzinfo=zone) if parsed.tzinfo is None else parsed.astimezone(zone)


def everything(first: datetime, last: datetime, timezone: str) -> Window:
    """The whole local hours from that of the first to that of the last record."""
    zone = ZoneInfo(timezone)
    start, newest = (_hour_start(t.astimezone(zone)) for t in (first, last))
    return Window(start, (newest.astimezone(UTC) + HOUR).astimezone(zone), timezone)


def last_whole_days(newest: datetime, timezone: str, days: int = WEEK_DAYS) -> Window:
    """The `days` whole local days before the day of the newest record, which is not over yet."""
    zone = ZoneInfo(timezone)
    today = newest.astimezone(zone).date()
    return Window(_midnight(today - timedelta(days=days), zone), _midnight(today, zone), timezone)


def weeks_until(window: Window, weeks: int = 8) -> Window:
    """The `weeks` weeks on the local clock that end with `window`."""
    return Window(window.end - timedelta(weeks=weeks), window.end, window.timezone)


def default(first: datetime, newest: datetime, timezone: str) -> Window:
    """The seven whole local days before the newest record, or everything where the records span less than two days.

    A day with a record in its last minute is over: of records that end at midnight the last day is in the window.
    """
    if newest - first < EVERYTHING_BELOW:
        return everything(first, newest, timezone)
    return last_whole_days(newest + LAST_MINUTE, timezone)


def hour_phases(window: Window) -> tuple[tuple[int, int], ...]:
    """Where local hours begin: (from, phase) in microseconds, `from` since the epoch, first one before the window.

    From that moment a local hour begins whenever (microseconds + phase) is a multiple of an hour. The phase is 0 but in
    zones such as Asia/Kolkata, and changes only in the few whose clocks move by half an hour.
    """
    zone = ZoneInfo(window.timezone)
    at = window.start.astimezone(UTC)
    at -= timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    found = [(0, _phase(at, zone))]
    while at < window.end:
        # no clock moves twice in a day, and none but at a quarter of an hour
        at += QUARTER if _phase(at + DAY, zone) != found[-1][1] else DAY
        if at < window.end and _phase(at, zone) != found[-1][1]:
            found.append((microseconds(at), _phase(at, zone)))
    return tuple(found)


def _phase(at: datetime, zone: ZoneInfo) -> int:
    offset = at.astimezone(zone).utcoffset() or timedelta(0)
    return (offset % HOUR) // timedelta(microseconds=1)


def hour_starts(window: Window) -> tuple[int, ...]:
    """Where the local hours that touch the window begin, in microseconds since the epoch, ascending."""
    phases = hour_phases(window)
    end = microseconds(window.end)
    starts: list[int] = []
    for (since, phase), until in zip(phases, [*(p[0] for p in phases[1:]), end], strict=True):
        at = max(since, microseconds(window.start))
        starts.extend(range(at - (at + phase) % HOUR_US, until, HOUR_US))
    return tuple(sorted(set(starts)))


def _hour_start(local: datetime) -> datetime:
    return local.replace(minute=0, second=0, microsecond=0)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
