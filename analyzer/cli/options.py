"""The command line of tokentide-analyzer."""

import argparse
from pathlib import Path

from analyzer.cli import imports, replays, size, sweeps
from exporter import __version__

PROGRAM = "tokentide-analyzer"


def parser() -> argparse.ArgumentParser:
    """The command line of the contract; argparse itself exits with 2 on wrong usage."""
    top = argparse.ArgumentParser(prog=PROGRAM, description="From recorded requests to what to run.")
    top.add_argument("--version", action="version", version=__version__)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = _shared_options()
    analyze = commands.add_parser("analyze", parents=[shared], help="analyse records and print analysis.json")
    analyze.add_argument("--out", type=Path, metavar="FILE", help="write analysis.json here, not to standard output")
    report = commands.add_parser("report", parents=[shared], help="analyse records and file the report")
    report.add_argument("--out", type=Path, metavar="DIR", required=True, help="the archive to file the report in")
    backtest = commands.add_parser(
        "backtest", parents=[shared], help="try the advice from earlier weeks on each whole week"
    )
    backtest.add_argument(
        "--out", type=Path, metavar="FILE", help="write the JSON here, and the table to standard output"
    )
    replays.add_command(commands, shared)
    imports.add_command(commands)
    size.add_command(commands)
    sweeps.add_command(commands)
    return top


def _shared_options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(add_help=False)
    add = options.add_argument
    add("records", nargs="+", metavar="RECORDS", help="a Parquet file, a folder that holds such, a glob, or s3://…")
    add("--from", dest="since", metavar="T", help="the window's start: an ISO date or time, on the clock of --timezone")
    add("--to", dest="until", metavar="T", help="the window's end, not in it any more")
    add("--all", dest="everything", action="store_true", help="take everything that was recorded")
    add("--timezone", metavar="TZ", help="an IANA name whose hours and days are meant; UTC unless given")
    add("--model", action="append", metavar="M", help="only this model; may be given more than once")
    add("--settings", type=Path, metavar="FILE", help="a TOML file with thresholds, targets and capacity")
    add("--rollups", type=Path, metavar="DIR", help="keep the counts of hours that are over here, and read them again")
    add("--debug", action="store_true", help="show the traceback of an error")
    return options
