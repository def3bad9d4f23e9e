"""The account of every request: what was forwarded is on disk, or dropped and counted, or still in flight."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow.parquet as pq

from exporter.sinks.spool import FOLDER, Reading, segments
from tests.bench.scrape import Page


@dataclass(frozen=True, slots=True)
class Terms:
    """Every term of the account at one moment.

    `forwarded`, `dropped` and `refused` are the relay's and survive its observers; `written` and `lost` are of the
    observer that runs now. `rows` are on disk, `rows_now` those of the newest observer among them.
    """

    forwarded: int
    in_flight: int
    dropped: Mapping[str, int]
    refused: Mapping[str, int]
    written: int
    lost: Mapping[str, int]
    rows: int
    rows_now: int

    @property
    def difference(self) -> int:
        """What is neither on disk nor dropped nor in flight; below 0 what is there twice."""
        return self.forwarded - self.rows - sum(self.dropped.values()) - self.in_flight

    @property
    def unwritten(self) -> int:
        """How far the observer's own count is from its rows on disk; 0 where it has not written any yet."""
        return self.written - self.rows_now if self.written else 0

    @property
    def exact(self) -> bool:
        """Whether everything is in its place, and nothing in flight."""
        return not (self.difference or self.unwritten or self.in_flight)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "difference": self.difference}


def terms(page: Page, records: Path) -> Terms:
    """Reads both sides: the sidecar's metrics, and its folder of records."""
    found = rows(records)
    newest = max(found, default="")
    return Terms(
        forwarded=page.total("tokentide_forwarded_requests_total"),
        in_flight=page.total("tokentide_requests_in_flight"),
        dropped=page.by("tokentide_dropped_observations_total", "reason"),
        refused=page.by("tokentide_refused_requests_total", "reason"),
        written=page.total("tokentide_records_written_total"),
        lost=page.by("tokentide_records_lost_total", "reason"),
        rows=sum(found.values()),
        rows_now=found.get(newest, 0),
    )


def rows(records: Path) -> Mapping[str, int]:
    """Rows on disk by the start of the observer that wrote them: in the spool, and in Parquet that was made of it.

    The spool is read first and its segments are not counted again, so that one that becomes Parquet meanwhile counts
    once.
    """
    by_segment: dict[str, int] = {}
    for path in segments(records / FOLDER):
        try:
            by_segment[path.stem] = sum(1 for _ in Reading(path))
        except FileNotFoundError:  # it has just become Parquet
            continue
    in_spool = set(by_segment)
    for path in records.glob("date=*/hour=*/*.parquet"):
        if path.stem not in in_spool:
            by_segment[path.stem] = by_segment.get(path.stem, 0) + pq.ParquetFile(path).metadata.num_rows
    found: Counter[str] = Counter()
    for stem, count in by_segment.items():
        found[stem.rpartition("-")[0]] += count
    return found


def twice(records: Path) -> int:
    """How many rows on disk have a request id that another row has, too; call it when nothing is in the spool."""
    ids: set[str] = set()
    count = 0
    for path in records.glob("date=*/hour=*/*.parquet"):
        column = pq.ParquetFile(path).read(["request_id"]).column(0)
        count += len(column)
        ids.update(column.to_pylist())
    return count - len(ids)
