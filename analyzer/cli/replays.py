"""The command `replay`: the recorded arrivals through one or two serving profiles."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from analyzer import profiles
from analyzer import settings as settings_file
from analyzer.cli import choices, replay_table
from analyzer.cli.durations import milliseconds
from analyzer.errors import AnalyzerError, BadSettings, NoTraffic, UnreadableRecords
from analyzer.profiles import Placed
from analyzer.replay.as_json import as_json
from analyzer.replay.disproved import disproved, longer
from analyzer.replay.outcome import Promise
from analyzer.replay.setups import carried_over, checked, setup, today
from analyzer.replay.whatif import Setup, WhatIf, what_if
from analyzer.settings import Settings
from analyzer.store import Records, Span, find, opened
from analyzer.window import Window, microseconds

NAME = "replay"
ROUTINGS = ("least_outstanding", "round_robin")


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", shared: argparse.ArgumentParser
) -> None:
    """Add `replay` with its options to the commands of the program."""
    command = commands.add_parser(NAME, parents=[shared], help="try serving profiles on the recorded arrivals")
    add = command.add_argument
    add("--profile", type=Path, metavar="FILE", required=True, help="what runs today, a TOML file")
    add("--against", type=Path, metavar="FILE", help="what could run instead, a TOML file")
    add("--ttft", metavar="D", help="the time to the first token that is promised, such as 500ms")
    add("--itl", metavar="D", help="the mean time between tokens of a request that is promised, such as 50ms")
    add("--e2e", metavar="D", help="the time to the last token that is promised, such as 10s")
    add("--percentile", type=float, metavar="P", help="of the requests that keep it; 95 unless given")
    add("--throughput", type=Path, metavar="FILE", help="a table made by sweep, beside what the records tell")
    add("--routing", choices=ROUTINGS, default=ROUTINGS[0], help="how requests are spread over replicas")
    add("--out", type=Path, metavar="FILE", help="write the JSON here, and the table to standard output")


def run(options: argparse.Namespace) -> AnalyzerError | None:
    """Replay, hand over the answer, and answer the error to end with where files could not be read."""
    settings = settings_file.load(options.settings)
    current = profiles.placed(options.profile)
    against = None if options.against is None else profiles.placed(options.against)
    found = find(options.records)
    if found.marginals and not (found.readable or found.remote):
        raise BadSettings("Hourly marginals hold no arrivals to replay: replay reads records.")
    if found.unreadable and not (found.readable or found.remote):
        raise UnreadableRecords(found.unreadable)
    with opened(found, settings.memory_limit, microseconds(datetime.now(UTC))) as records:
        answer, model, window = _answer(records, settings, options, (current, against))
        unreadable = records.unreadable
    _hand_over(answer, model, window, options)
    return UnreadableRecords(unreadable) if unreadable else None


def _answer(
    records: Records,
    settings: Settings,
    options: argparse.Namespace,
    said: tuple[Placed, Placed | None],
) -> tuple[WhatIf, str, Window]:
    spans = records.spans()
    choices.check_models(spans, options)
    span = _chosen(spans, options, said[0].model.name)
    model = span.model or ""
    window = choices.window([span], settings, options)
    recorded = records.arrivals(window, model)
    if not len(recorded.requests):
        raise NoTraffic(
            f"No request for {model} counts between {window.start.isoformat()} and {window.end.isoformat()}: choose "
            "another window with --from and --to, or take --all."
        )
    current, against = said
    own = settings.of(model)
    table = options.throughput or (None if own.capacity is None else own.capacity.throughput)
    timings, told = records.timings(window, model), own.kv_pool_tokens
    throughput = today(current, timings, table)
    setups: list[Setup | None] = [_priced(setup(current, throughput, recorded.requests, told), settings, model), None]
    if against is not None:
        changed = carried_over(throughput, current, against, table)
        same_cache = told if _same_cache(against, current) else None
        setups[1] = _priced(setup(against, changed, recorded.requests, same_cache), settings, model)
    first, second = setups
    if first is None:
        raise BadSettings("--profile names nothing to replay.")
    on = current.model, current.gpu
    known = checked(current.profile, throughput, timings, on, told, options.routing)
    answer = what_if(recorded, known, first, second, _promise(options, settings, model), options.routing)
    against_it = disproved(current.profile, longer(recorded.requests, current.profile.max_model_len), timings)
    return replace(answer, disproved=against_it), model, window


def _same_cache(against: Placed, current: Placed) -> bool:
    """Whether an engine of both has the same KV cache: they differ in nothing but their replicas."""
    same = replace(against.profile, replicas=current.profile.replicas) == current.profile
    return same and against.model == current.model


def _chosen(spans: Sequence[Span], options: argparse.Namespace, served: str) -> Span:
    """The model that is meant: the only one, the named one, or the one that the profile serves."""
    known = [span for span in spans if span.model and span.requests]
    asked = [span for span in known if not options.model or span.model in options.model]
    same = [span for span in asked if _same(span.model or "", served)]
    if not known:
        raise NoTraffic(f"There is no record in {', '.join(options.records)}: send traffic through the exporter first.")
    if len(asked) == 1 or len(same) == 1:
        return (same if len(same) == 1 else asked)[0]
    names = ", ".join(str(span.model) for span in asked[:10])
    raise BadSettings(f"A replay is of one model, and the records hold {names}: name one with --model.")


def _same(recorded: str, served: str) -> bool:
    """Whether two names mean the same model: organisations and cases do not matter."""
    return recorded.lower().rpartition("/")[2] == served.lower().rpartition("/")[2]


def _priced(made: Setup, settings: Settings, model: str) -> Setup:
    """With the price that is stated for its GPU."""
    stated = settings.of(model).capacity
    if stated is None or (stated.gpu is not None and stated.gpu.lower() != made.profile.gpu.lower()):
        return made
    return replace(made, price_per_gpu_hour=stated.price_per_gpu_hour)


def _promise(options: argparse.Namespace, settings: Settings, model: str) -> Promise:
    """The limits of the options, and of the settings where no option is given."""
    given = [milliseconds(f"--{name}", getattr(options, name)) for name in ("ttft", "itl", "e2e")]
    stated = settings.of(model).capacity
    percentile = options.percentile
    if percentile is None:
        percentile = (stated.percentile if stated is not None else None) or 95.0
    if not 1 <= percentile < 100:
        raise BadSettings(f"--percentile {percentile:g} is no percentile: give a number between 1 and 100, such as 95.")
    if stated is not None and not any(given):
        given = [stated.ttft_ms, stated.itl_ms, stated.e2e_ms]
    ttft, itl, e2e = given
    return Promise(ttft, itl, e2e, percentile)


def _hand_over(answer: WhatIf, model: str, window: Window, options: argparse.Namespace) -> None:
    ends = {"start": window.start.isoformat(), "end": window.end.isoformat(), "timezone": window.timezone}
    said = as_json(answer, model, options.routing) | {"window": ends}
    text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    told = replay_table.heading(answer, model, window) + replay_table.table(answer)
    (sys.stderr if options.out is None else sys.stdout).write(told)
    if options.out is None:
        sys.stdout.write(text)
        return
    try:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"--out {options.out} cannot be written: {error.strerror}.") from error
