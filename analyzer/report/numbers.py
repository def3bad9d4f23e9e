"""Numbers as people read them: thousands separators, three significant digits, units, dates in words."""

import math
from datetime import datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def whole(number: float) -> str:
    """A count: 1202590 becomes 1,202,590."""
    return f"{round(number):,}"


def rate(number: float) -> str:
    """A rate with three significant digits, whole from 100 upward: 1.99, 45.2, 1,234."""
    if number == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(abs(number))))
    text = f"{number:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(amount: float) -> str:
    """An amount of money with its cents, below one with three significant digits: 9.60, 0.450, 0.0938."""
    decimals = 2 if amount <= 0 else max(2, 2 - math.floor(math.log10(amount)))
    return f"{amount:,.{decimals}f}"


def share(part: float) -> str:
    """A share of 0..1 in per cent, three significant digits; what is not all is never called 100 %."""
    if part == 0:
        return "0 %"
    if 0 < part < 1e-5:
        return "under 0.001 %"
    if 0.9995 <= part < 1:
        return "over 99.9 %"
    return f"{rate(part * 100)} %"


def milliseconds(duration: float) -> str:
    """A duration given in ms, in the unit that keeps it short: 0.85 ms, 231 ms, 1.24 s, 3.1 min."""
    if duration < 1000:
        return f"{rate(duration)} ms"
    if duration < 120_000:
        return f"{rate(duration / 1000)} s"
    return f"{rate(duration / 60_000)} min"


def power(tokens: float) -> str:
    """A power of two as the axes write it: 512, 1k (1,024), 128k, 1M."""
    if tokens >= 1 << 20:
        return f"{rate(tokens / (1 << 20))}M"
    if tokens >= 1 << 10:
        return f"{rate(tokens / (1 << 10))}k"
    return rate(tokens)


def plural(number: int, thing: str, things: str | None = None) -> str:
    """A count with its noun: 1 replica, 2 replicas."""
    return f"{whole(number)} {thing if number == 1 else things or thing + 's'}"


def moment(at: datetime) -> str:
    """A point in time to the minute in its own zone: Mon 7 Apr 2025, 09:00."""
    return f"{_day(at)} {at.year}, {at:%H:%M}"


def _day(at: datetime) -> str:
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def span(start: datetime, end: datetime) -> str:
    """A half-open window in words: whole days by their first and last day, else from minute to minute."""
    if (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0) and start < end:
        last = end.replace(tzinfo=None) - timedelta(days=1)
        if start.date() == last.date():
            return f"on {_day(start)} {start.year}"
        first = _day(start) if start.year == last.year else f"{_day(start)} {start.year}"
        return f"from {first} to {_day(last)} {last.year}"
    if start.date() == end.date():
        return f"on {_day(start)} {start.year} from {start:%H:%M} to {end:%H:%M}"
    return f"from {moment(start)} to {moment(end)}"


def days(number: float) -> str:
    """A span given in days, in minutes or hours where that is easier to grasp."""
    minutes = number * 1440
    if minutes < 100:
        return plural(max(1, round(minutes)), "minute")
    if minutes < 48 * 60:
        return f"{rate(minutes / 60)} hours"
    return f"{rate(number)} days"
