"""The command `import`: what it is asked for, and what it says it did."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from analyzer import settings as settings_file
from analyzer.cli import histograms
from analyzer.errors import AnalyzerError, BadSettings, NoTraffic, UnreadableRecords
from analyzer.traces import FORMATS, Imported, Wishes, import_files
from analyzer.window import microseconds, moment

UNITS = ("s", "ms", "us", "ns", "iso")
_NAMED_MODELS = 10


def add_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `import` with its options to the commands of the program."""
    command = commands.add_parser("import", help="turn traces and other tools' exports into records")
    add = command.add_argument
    known = [*FORMATS, histograms.NAME]
    add("format", metavar="FORMAT", choices=known, help=f"{', '.join(known)}; see docs/importing.md")
    add("files", nargs="+", metavar="FILE", help="what to read; more than one of a format; of prometheus its address")
    add("--out", type=Path, metavar="DIR", required=True, help="the folder that gets the records")
    add("--timezone", metavar="TZ", help="the clock of times without an offset, an IANA name; UTC unless given")
    add("--start", metavar="T", help="the moment from which relative times count: an ISO date or time")
    add("--time-unit", choices=UNITS, metavar="UNIT", help="of times that are numbers: s, ms, us, ns; or iso")
    add("--model", metavar="M", help="the model of rows that name none")
    add(
        "--map",
        action="append",
        metavar="COLUMN=NAME",
        default=[],
        help="a record's column from the file's column NAME",
    )
    histograms.add_options(add)
    add("--debug", action="store_true", help="show the traceback of an error")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Import, print what was done, and answer the error to end with; raises `BadSettings` before anything is read."""
    if options.format == histograms.NAME:
        return histograms.run(options)
    now = microseconds(datetime.now(UTC))
    files = [Path(file) for file in options.files]
    done = import_files(options.format, FORMATS[options.format], files, _wishes(options), options.out, now)
    sys.stdout.writelines(f"{line}\n" for line in _summary(done, options.out))
    if done.unreadable:
        error = UnreadableRecords(done.unreadable)
        if done.files:
            error.args = (f"{error}\nThe other {done.files} file(s) were imported.",)
        return error
    if not done.records:
        return NoTraffic(f"No row of {', '.join(options.files)} is a request, so that there is no record.")
    return None


def _wishes(options: argparse.Namespace) -> Wishes:
    if options.map and options.format not in {"csv", "jsonl", "parquet"}:
        raise BadSettings(f"--map is for csv, jsonl and parquet: {options.format} has columns of its own.")
    pairs = [given.partition("=") for given in options.map]
    for column, _, name in pairs:
        if not column or not name:
            raise BadSettings("--map takes COLUMN=NAME, as --map timestamp=ts.")
    zone = _timezone(options.timezone)
    return Wishes(
        timezone=zone,
        start=_start(options.start, zone),
        unit=options.time_unit,
        model=options.model,
        columns={column: name for column, _, name in pairs},
    )


def _timezone(name: str | None) -> str | None:
    try:
        return None if name is None else settings_file.known_timezone(name)
    except ValueError as error:
        raise BadSettings(f"--timezone: {error}.") from error


def _start(given: str | None, zone: str | None) -> int | None:
    try:
        return None if given is None else microseconds(moment(given, zone or "UTC"))
    except ValueError as error:
        raise BadSettings(
            f"--start {given} is no ISO date or time: write it as 2025-04-07 or 2025-04-07T12:00."
        ) from error


def _summary(done: Imported, out: Path) -> Iterator[str]:
    """What became of the rows, one fact a line."""
    yield f"read       {_counted(done.read, 'row')} from {_counted(done.files, 'file')}"
    place = f" to {out} ({_counted(len(done.written), 'file')}, one an hour)" if done.written else ""
    yield f"written    {_counted(done.records, 'record')}{place}"
    aside = sum(done.set_aside.values())
    reasons = ", ".join(f"{reason} {rows:,}" for reason, rows in done.set_aside.items())
    yield f"set aside  {_counted(aside, 'row')}{': ' if reasons else ''}{reasons}"
    if done.first is not None and done.last is not None:
        yield f"from       {done.first.isoformat()}"
        yield f"to         {done.last.isoformat()}"
    if done.models:
        yield f"models     {_models(list(done.models.items()))}"
    for sentence, rows in done.notes.items():
        if rows:
            yield f"note       {_counted(rows, 'row')}: {sentence}"


def _models(models: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{_visible(name)} {rows:,}" for name, rows in models[:_NAMED_MODELS])
    more = len(models) - _NAMED_MODELS
    return f"{shown} and {more:,} more" if more > 0 else shown


def _visible(name: str) -> str:
    """A stranger's name without what would move the cursor of a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
