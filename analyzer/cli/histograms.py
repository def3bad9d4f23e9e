"""`import prometheus`: a first answer for teams without the sidecar, from the histograms that Prometheus holds."""

import argparse
import hashlib
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analyzer.errors import AnalyzerError, BadSettings, NoTraffic
from analyzer.marginals import Marginals
from analyzer.traces.marginal_files import write
from analyzer.traces.prometheus import FAMILIES, Server, read
from analyzer.window import moment

NAME = "prometheus"
WEEKS = 4


def add_options(add: Callable[..., object]) -> None:
    """The options that only Prometheus takes."""
    add("--from", dest="since", metavar="T", help="prometheus: the first hour; four weeks ago unless given")
    add("--to", dest="until", metavar="T", help="prometheus: the end of the last hour; this hour's start unless given")
    add("--family", choices=[*FAMILIES], metavar="NAME", help=f"prometheus: {', '.join(FAMILIES)}; the first with data")
    add("--selector", metavar="MATCHERS", default="", help='prometheus: which series, as job="vllm"')
    add("--token-file", type=Path, metavar="FILE", help="prometheus: a file that holds the bearer token")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Ask, write one file of marginals, print what was done; answers `NoTraffic` where no histogram has data."""
    if len(options.files) != 1:
        raise BadSettings("Give one address of a Prometheus, as http://prometheus:9090.")
    server = Server(options.files[0], _token(options.token_file))
    start, end = _span(options)
    asked = [options.family] if options.family else [*FAMILIES]
    for family in asked:
        found = read(server, FAMILIES[family], start, end, options.selector, options.model or family)
        if any(hour.isl.total > 0 for one in found.values() for hour in one.hours):
            stem = f"{NAME}-{family}-{_digest(server.url, options.selector, start.isoformat(), end.isoformat())}"
            path = write(found, options.out, stem)
            _say(family, found, path)
            return None
    return NoTraffic(
        f"No histogram of {', '.join(asked)} grew between {start.isoformat()} and {end.isoformat()}: check the address,"
        " --selector, and whether the metrics are scraped."
    )


def _span(options: argparse.Namespace) -> tuple[datetime, datetime]:
    """The whole hours in UTC that are asked for."""
    end = _moment("--to", options.until, options.timezone) or datetime.now(UTC)
    end = _whole_hour(end)
    start = _whole_hour(_moment("--from", options.since, options.timezone) or end - timedelta(weeks=WEEKS))
    if start >= end:
        raise BadSettings(f"The hours from {start.isoformat()} to {end.isoformat()} are none: give --from before --to.")
    return start, end


def _whole_hour(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _moment(name: str, given: str | None, zone: str | None) -> datetime | None:
    try:
        return None if given is None else moment(given, zone or "UTC")
    except (ValueError, KeyError) as error:
        raise BadSettings(
            f"{name} {given} is no ISO date or time: write it as 2025-04-07 or 2025-04-07T12:00."
        ) from error


def _token(path: Path | None) -> str | None:
    try:
        return None if path is None else path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"--token-file {path} cannot be read.") from error


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _say(family: str, found: Mapping[str, Marginals], path: Path) -> None:
    requests = {name: round(sum(hour.isl.total for hour in one.hours)) for name, one in found.items()}
    hours = {hour.start for one in found.values() for hour in one.hours}
    models = ", ".join(f"{name} {count:,}" for name, count in sorted(requests.items(), key=lambda item: -item[1]))
    first, last = (datetime.fromtimestamp(at / 1e6, UTC) for at in (min(hours), max(hours)))
    lines = (
        f"read       {len(hours):,} hours of {family}",
        f"written    {path} (bucket counts, no single requests)",
        f"from       {first.isoformat()}",
        f"to         {(last + timedelta(hours=1)).isoformat()}",
        f"models     {models}",
    )
    sys.stdout.writelines(f"{line}\n" for line in lines)
