"""Strangers' times as moments in UTC."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import BadSettings
from analyzer.traces.base import Wishes
from analyzer.traces.values import exact_ratio, number, text, whole

MICROSECONDS = {"s": 1_000_000.0, "ms": 1000.0, "us": 1.0}
_MOMENT = pa.timestamp("us", tz="UTC")
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)$"
_BEYOND_MICROSECONDS = r"(\.\d{6})\d+"

NAIVE = "times without a zone were taken as UTC, --timezone says another"


@dataclass(frozen=True, slots=True)
class Moments:
    """Moments as timestamp[us, UTC], null where there was no time, and how many had no zone and were taken as UTC."""

    values: pa.Array
    naive: int = 0

    @property
    def notes(self) -> dict[str, int]:
        """The sentence about the times that had no zone, where there are such."""
        return {NAIVE: self.naive} if self.naive else {}


def moments(column: pa.Array, wishes: Wishes, unit: str | None = None) -> Moments:
    """The moments of a column of times: timestamps, ISO 8601 texts, or numbers of `unit`.

    Numbers count from `wishes.start`, or from 1970 in UTC where there is none; `wishes.unit` goes before `unit`. Digits
    beyond the microsecond are cut, as 100 ns are in the Azure traces. Raises `BadSettings` for numbers without a unit.
    """
    if pa.types.is_timestamp(column.type):
        return _typed(column, wishes)
    unit = wishes.unit or unit
    if unit is not None and unit != "iso":
        return Moments(_counted(column, unit, wishes.start or 0))
    if unit is None and number(column).null_count < len(column):
        raise BadSettings("The times are numbers: say in which unit with --time-unit s, ms, us or ns.")
    return _read(text(column), wishes)


def _counted(column: pa.Array, unit: str, start: int) -> pa.Array:
    """Numbers of `unit` after `start`."""
    micro = exact_ratio(column, 1000) if unit == "ns" else whole(column, MICROSECONDS[unit])
    return pc.add(micro, start).cast(_MOMENT)


def _typed(column: pa.Array, wishes: Wishes) -> Moments:
    if column.type.tz is not None:
        return Moments(column.cast(_MOMENT, safe=False))
    zoned = _on_clock(column.cast(pa.timestamp("us"), safe=False), wishes)
    return Moments(zoned, 0 if wishes.timezone else len(column) - column.null_count)


def _read(strings: pa.Array, wishes: Wishes) -> Moments:
    """ISO texts with and without an offset, also mixed."""
    cut = pc.replace_substring_regex(strings, _BEYOND_MICROSECONDS, r"\1")
    has_offset = pc.and_(pc.match_substring_regex(cut, _OFFSET), pc.match_substring(cut, ":"))
    none = pa.scalar(None, pa.string())
    naive = pc.if_else(pc.fill_null(has_offset, fill_value=False), none, cut)
    try:
        zoned = pc.if_else(has_offset, cut, none).cast(_MOMENT)
        local = _on_clock(naive.cast(pa.timestamp("us")), wishes)
    except pa.ArrowInvalid:
        return _one_by_one(cut, wishes)
    return Moments(pc.coalesce(zoned, local), 0 if wishes.timezone else len(local) - local.null_count)


def _on_clock(local: pa.Array, wishes: Wishes) -> pa.Array:
    """Local times in UTC; of an hour that comes twice the first is meant, one that does not come is the one after."""
    zone = wishes.timezone or "UTC"
    return pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest").cast(_MOMENT)


def _one_by_one(strings: pa.Array, wishes: Wishes) -> Moments:
    """The same for texts among which some are no times: these become null."""
    found = [_parsed(value) for value in strings.to_pylist()]
    zone = ZoneInfo(wishes.timezone or "UTC")
    naive = sum(moment is not None and moment.tzinfo is None for moment in found)
    aware = [m.replace(tzinfo=zone) if m is not None and m.tzinfo is None else m for m in found]
    values = pa.array([None if m is None else m.astimezone(UTC) for m in aware], _MOMENT)
    return Moments(values, 0 if wishes.timezone else naive)


def _parsed(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    # at the ends of the calendar a change of zone would leave it
    return moment if MINYEAR < moment.year < MAXYEAR else None
