"""What an analysis says, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from analyzer.advise.capacity import CapacityAdvice, StatedCapacity
from analyzer.advise.lengths import LengthAdvice
from analyzer.advise.seasons import Seasons
from analyzer.advise.windows import HoursAdvice
from analyzer.demand import ClientShare, Demand, Rate, Weeks
from analyzer.engine import ServingProfile
from analyzer.evidence import Evidence
from analyzer.histogram import Summary
from analyzer.patterns.anomalies import Anomaly
from analyzer.shape import Joint, Latency, Prefix, QueryPatterns
from analyzer.window import Window

SCHEMA = "tokentide.analysis/1"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How well the records cover the window.

    `requests` went into the figures. `set_aside` counts the rows that did not, by reason. `missing_hours` are hours of
    the window before the first or after the last record of any kind, `empty_hours` those in between without a request
    that counts. `outside` counts the requests that were recorded before or after the window.
    """

    requests: int
    set_aside: Mapping[str, int]
    empty_hours: int
    missing_hours: int
    outside: int = 0


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the day (0..23 in the window's time zone) over all days; lengths are `None` without requests."""

    hour: int
    requests: int
    isl_p50: int | None
    isl_p99: int | None
    osl_p50: int | None
    osl_p99: int | None


@dataclass(frozen=True, slots=True)
class ModelAnalysis:
    """Everything said about one model; `hours` has 24 entries, `clients` is `None` where no request names a caller.

    What is counted (`requests` to `hours`, `prefix`) is of every request; what is estimated (`demand`, `regimes`,
    `lengths`, `capacity`, `seasons`) leaves `anomalies` out. `seasons` is `None` where nobody states what a replica
    carries although there are weeks enough. `weeks` are what seasons are made from, without anomalies, and `carries`
    is what one replica carries, and `serving` the profile that was advised, where one was chosen; they are not told in
    `analysis.json`.
    """

    requests: int
    isl: Summary
    osl: Summary
    total: Summary
    joint: Joint
    query_patterns: QueryPatterns
    rate: Rate
    clients: tuple[ClientShare, ...] | None
    hours: tuple[Hour, ...]
    lengths: LengthAdvice
    latency: Latency | None
    capacity: CapacityAdvice | None
    evidence: tuple[Evidence, ...]
    prefix: Prefix | None
    anomalies: tuple[Anomaly, ...]
    regimes: HoursAdvice
    demand: Demand
    seasons: Seasons | None
    weeks: Weeks | None = field(default=None, compare=False, repr=False)
    carries: StatedCapacity | None = field(default=None, compare=False, repr=False)
    serving: ServingProfile | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """What an analysis was made from and with. No path is in it: the same records elsewhere give the same bytes.

    `files` were read, `unreadable_files` could not be. `first` and `last` are the arrivals at the ends of all that was
    recorded. `window_from` says who chose the window: `default`, `all`, or `options` (--from, --to). `models` are those
    that were asked for, `None` where that left none out; `settings` are those that are not the default, without the
    time zone: `timezone` is the one that was used, and `timezone_from` says who chose it, `option` (--timezone),
    `settings` (their file or the environment) or `default`.
    """

    version: str
    files: int
    unreadable_files: int
    first: datetime | None
    last: datetime | None
    window_from: Literal["default", "all", "options"]
    models: tuple[str, ...] | None
    settings: Mapping[str, object]
    timezone: str = "UTC"
    timezone_from: Literal["default", "option", "settings"] = "default"


@dataclass(frozen=True, slots=True)
class Analysis:
    """One window of records, analysed model by model; `models` is empty where the window holds no request.

    `origin` is `None` where nobody said it.
    """

    window: Window
    coverage: Coverage
    models: Mapping[str, ModelAnalysis]
    origin: Origin | None = None
