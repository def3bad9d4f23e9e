"""The commands of tokentide-analyzer."""

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rich.console import Console

from analyzer import backtest as backtests
from analyzer import settings as settings_file
from analyzer.analysis import Analysis, Recorded, analyse, as_json
from analyzer.backtest import Backtest, backtest
from analyzer.cli import advice_files, choices, imports, marginals, replays, size, sizings, sweeps, trials
from analyzer.cli.options import PROGRAM, parser
from analyzer.errors import OUR_FAULT, AnalyzerError, BadSettings, UnreadableFile, UnreadableRecords, exit_code
from analyzer.marginals import MarginalAnalysis
from analyzer.marginals import as_json as marginals_as_json
from analyzer.settings import Settings
from analyzer.shape import Thresholds
from analyzer.store import Records, Rollups, find, opened
from analyzer.window import microseconds

ALONE: Mapping[str, tuple[str, Callable[[argparse.Namespace], AnalyzerError | None]]] = {
    "import": ("reading files", imports.run),
    "replay": ("replaying", replays.run),
    "size": ("simulating", size.run),
    "sweep": ("reading benchmarks", sweeps.run),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and answer its exit code: 0 done, 2 usage or settings, 3 unreadable, 4 nothing to say, 1 ours."""
    options = parser().parse_args(arguments)
    try:
        _run(options)
    except AnalyzerError as error:
        return _failed(error, debug=options.debug)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # whoever read our output has seen enough; what Python still holds must not fail at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # noqa: BLE001  the last handler: whatever it is, it is a fault of ours
        return _failed(error, debug=options.debug)
    return 0


def _run(options: argparse.Namespace) -> None:
    """Run the command that was asked for."""
    if options.command in ALONE:
        doing, run = ALONE[options.command]
        with _progress(doing):
            error = run(options)
        if error is not None:
            raise error
        return
    _analyse(options)


def _analyse(options: argparse.Namespace) -> None:
    """Analyse and hand over; what could not be read or said is raised afterwards, so that nothing is thrown away."""
    settings = settings_file.load(options.settings)
    with _progress("reading records") as say:
        found = find(options.records)
        if found.unreadable and not (found.readable or found.remote or found.marginals):
            raise UnreadableRecords(found.unreadable)
        if found.marginals and not (found.readable or found.remote):
            if options.command == "backtest":
                raise BadSettings(
                    f"Hourly marginals hold no seconds to try advice on: {PROGRAM} backtest reads records."
                )
            done, trouble = marginals.analysis(found, settings, options)
            _hand_over(done, None, options)
            if trouble is not None:
                raise trouble
            return
        rollups = None if options.rollups is None else Rollups(options.rollups, _thresholds(settings))
        with opened(found, settings.memory_limit, microseconds(datetime.now(UTC)), rollups) as records:
            made = _analysis(records, settings, options)
            unreadable = records.unreadable
            made_from = choices.origin(records.spans(), settings, options, found, len(unreadable))
            analysis = replace(made.analysis, origin=made_from)
        say("writing the report" if options.command == "report" else "writing the analysis")
        _hand_over(analysis, made.tried, options, made.emitted)
    problem = made.problem
    sys.stderr.writelines(f"{PROGRAM}: {line}\n" for line in choices.notes(analysis, options, found))
    if unreadable:
        raise _partly_unreadable(
            unreadable, len(found.readable) + len(found.remote) + len(found.unreadable) - len(unreadable), problem
        )
    if problem is not None:
        raise problem


@dataclass(frozen=True, slots=True)
class Made:
    """The analysis, how its like did in the weeks there are, the files of its advice by their path, and the error to
    end with where nothing is said.
    """

    analysis: Analysis
    tried: Backtest
    emitted: Mapping[str, str]
    problem: AnalyzerError | None


def _analysis(records: Records, settings: Settings, options: argparse.Namespace) -> Made:
    """Everything that is said of `records`, in the window and of the models that are asked for."""
    spans = records.spans()
    choices.check_models(spans, options)
    models = [span.model for span in spans if span.model and options.model in (None, [])] or list(options.model or ())
    chosen = [span for span in spans if span.model in models and span.requests]
    window = choices.window(chosen or spans, settings, options)
    thresholds = _thresholds(settings)
    reading = records.read(window, models, thresholds)
    requests = {model: sum(hour.requests for hour in one.hours) for model, one in reading.traffic.items()}
    recorded = Recorded(
        first=min((span.first for span in spans), default=None),
        last=max((span.last for span in spans), default=None),
        set_aside=reading.set_aside,
        unreadable_files=len(records.unreadable),
        outside={span.model: span.requests - requests.get(span.model, 0) for span in chosen if span.model},
    )
    questions = choices.questions(settings, requests)
    for name in sizings.wanted(settings, questions):
        took = sizings.took(records, window, name, reading.traffic[name].hours)
        questions[name] = sizings.question(name, settings, questions[name], took)
    before = choices.before(window, chosen)
    earlier = {} if before is None else records.hours(before, models, thresholds)
    analysis = analyse(window, recorded, reading.traffic, questions, thresholds, earlier)
    tried = Backtest(window, {}) if options.command == "analyze" else backtest(analysis, questions)
    if options.command == "backtest" and analysis.models and not tried.tried:
        return Made(analysis, tried, {}, trials.problem(tried))
    emitted = advice_files.files(analysis, questions) if options.command == "report" else {}
    return Made(analysis, tried, emitted, choices.problem(analysis, spans, options))


def _thresholds(settings: Settings) -> Thresholds:
    return Thresholds(settings.isl_threshold, settings.osl_threshold)


def _partly_unreadable(
    files: tuple[UnreadableFile, ...], readable: int, problem: AnalyzerError | None
) -> UnreadableRecords:
    """All unreadable files with what became of the readable ones, and why those say nothing if they do not."""
    error = UnreadableRecords(files)
    error.args = (f"{error}\nThe other {readable} file(s) were read, and the result is without the ones above.",)
    if problem is not None:
        error.args = (f"{error}\n{problem}",)
    return error


def _hand_over(
    analysis: Analysis | MarginalAnalysis,
    tried: Backtest | None,
    options: argparse.Namespace,
    emitted: Mapping[str, str] | None = None,
) -> None:
    if options.command == "report":
        from analyzer.report import archive  # noqa: PLC0415  charts take a second to load, and analyze draws none

        for path in archive.write(analysis, options.out, tried, emitted):
            sys.stdout.write(f"{path}\n")
        return
    said = marginals_as_json(analysis) if isinstance(analysis, MarginalAnalysis) else as_json(analysis)
    if options.command == "backtest" and tried is not None:
        said = backtests.as_json(tried)
        (sys.stderr if options.out is None else sys.stdout).write(trials.table(tried))
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
        return
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"--out {options.out} cannot be written: {error.strerror}.") from error


def _failed(error: Exception, *, debug: bool) -> int:
    """Say what went wrong on standard error, with the traceback where it was asked for."""
    if debug:
        traceback.print_exception(error, file=sys.stderr)
    code = exit_code(error)
    if code == OUR_FAULT:
        kind = type(error).__name__
        sys.stderr.write(
            f"{PROGRAM}: This is a fault of ours ({kind}: {error}): run again with --debug and report it.\n"
        )
    else:
        sys.stderr.writelines(f"{PROGRAM}: {line}\n" for line in str(error).splitlines())
    return code


@contextmanager
def _progress(first: str) -> Iterator[Callable[[str], None]]:
    """What is being done, shown on a terminal and nowhere else; the value replaces what is shown."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with Console(stderr=True).status(first) as status:
        yield status.update
