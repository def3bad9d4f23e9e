"""What options and settings ask for, in the terms of the analysis."""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from analyzer import settings as settings_file
from analyzer.advise.bounds import LengthTarget, requests_needed
from analyzer.advise.capacity import Objectives, StatedCapacity
from analyzer.analysis import Analysis, Origin, Questions
from analyzer.errors import AnalyzerError, BadSettings, NoTraffic, TooLittleTraffic
from analyzer.settings import CapacitySettings, Settings
from analyzer.store import Found, Span
from analyzer.window import Window, default, everything, last_whole_days, moment, weeks_until
from exporter import __version__


def window(spans: Sequence[Span], settings: Settings, options: argparse.Namespace) -> Window:
    """The window that the options ask for; raises `BadSettings` where they make none."""
    timezone = _timezone(options.timezone or settings.timezone)
    now = datetime.now(UTC)
    first = min((_moment(span.first) for span in spans), default=now)
    newest = max((_moment(span.last) for span in spans), default=now)
    if options.everything and (options.since or options.until):
        raise BadSettings("--all takes everything: leave out --from and --to, or leave out --all.")
    if options.everything:
        return everything(first, newest, timezone)
    if not options.since and not options.until:
        return default(first, newest, timezone) if spans else last_whole_days(now, timezone)
    around = everything(first, newest, timezone)
    start = _option("--from", options.since, timezone) if options.since else around.start
    end = _option("--to", options.until, timezone) if options.until else around.end
    if spans and options.since and not options.until and start > newest:
        seen = f"{newest.astimezone(start.tzinfo):%Y-%m-%d %H:%M}"
        raise BadSettings(f"No record is as new as --from {options.since}: the newest is of {seen}.")
    if spans and options.until and not options.since and end <= first:
        seen = f"{first.astimezone(end.tzinfo):%Y-%m-%d %H:%M}"
        raise BadSettings(f"No record is older than --to {options.until}: the first is of {seen}.")
    if start >= end:
        raise BadSettings(
            f"The window from {start.isoformat()} to {end.isoformat()} is empty: give --from before --to."
        )
    return Window(start, end, timezone)


def before(window: Window, spans: Sequence[Span]) -> Window | None:
    """What lies before `window` of the eight weeks that end with it, `None` where nothing of that is recorded."""
    eight_weeks = weeks_until(window)
    if eight_weeks.start >= window.start or all(_moment(span.first) >= window.start for span in spans):
        return None
    return Window(eight_weeks.start, window.start, window.timezone)


def origin(
    spans: Sequence[Span], settings: Settings, options: argparse.Namespace, found: Found, unreadable: int
) -> Origin:
    """What an analysis of `found` is made from and with; `unreadable` of its files could not be read."""
    asked = tuple(sorted(set(options.model or ())))
    others = {span.model for span in spans if span.model and span.requests} - set(asked)
    every = len(found.readable) + len(found.remote) + len(found.unreadable)
    return Origin(
        version=__version__,
        files=every - unreadable,
        unreadable_files=unreadable,
        first=min((_moment(span.first) for span in spans), default=None),
        last=max((_moment(span.last) for span in spans), default=None),
        window_from="all" if options.everything else "options" if options.since or options.until else "default",
        models=asked if asked and others else None,
        settings=settings.model_dump(mode="json", exclude_defaults=True, exclude={"memory_limit", "timezone"}),
        timezone=options.timezone or settings.timezone,
        timezone_from=(
            "option" if options.timezone else "settings" if "timezone" in settings.model_fields_set else "default"
        ),
    )


def _timezone(name: str) -> str:
    try:
        return settings_file.known_timezone(name)
    except ValueError as error:
        raise BadSettings(f"--timezone: {error}.") from error


def _option(name: str, text: str, timezone: str) -> datetime:
    try:
        return moment(text, timezone)
    except ValueError as error:
        raise BadSettings(
            f"{name} {text} is no ISO date or time: write it as 2025-04-07 or 2025-04-07T12:00."
        ) from error


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).replace(microsecond=microseconds % 1_000_000)


def questions(settings: Settings, requests: Mapping[str, int]) -> dict[str, Questions]:
    """What `settings` want to know about each model of `requests`, which says how many each has.

    A `[capacity]` that is stated for no model by name is used for one only, the one with the most requests of those
    without a table of their own: what runs today would be counted once for each model otherwise.
    """
    without = [name for name in requests if settings.capacity is not None and not _has_own(settings, name)]
    used_for = min(without, key=lambda name: (-requests[name], name), default=None)
    return {name: _questions(settings, name, used_for if name in without else None) for name in requests}


def _has_own(settings: Settings, model: str) -> bool:
    own = settings.models.get(model)
    return own is not None and own.capacity is not None


def _questions(settings: Settings, model: str, used_for: str | None) -> Questions:
    own = settings.of(model)
    target = LengthTarget(
        over_share=settings.target_over_share,
        confidence=settings.confidence,
        align_to=settings.align_to,
        current_max_seq_len=own.current_max_seq_len,
        model_max_seq_len=own.model_max_seq_len,
        pool_tokens=own.kv_pool_tokens,
    )
    if used_for not in (None, model):
        return Questions(target, None, used_for)
    return Questions(target, None if own.capacity is None else _stated(own.capacity))


def _stated(capacity: CapacitySettings) -> StatedCapacity:
    return StatedCapacity(
        rps_per_replica=capacity.rps_per_replica or 1.0,  # not looked at where it is to be found
        gpu=capacity.gpu,
        gpus_per_replica=capacity.gpus_per_replica,
        gpus_per_node=capacity.gpus_per_node,
        price_per_gpu_hour=capacity.price_per_gpu_hour,
        n_plus_one=capacity.n_plus_one,
        min_replicas=capacity.min_replicas,
        rho_max=capacity.rho_max,
        law=capacity.peak,
        peak_rps=capacity.peak_rps,
        current_replicas=capacity.current_replicas,
        current_gpus_per_replica=capacity.current_gpus_per_replica,
        switch_minutes=capacity.switch_minutes,
        objectives=Objectives(capacity.ttft_ms, capacity.itl_ms, capacity.e2e_ms, capacity.percentile),
    )


_NAMED_MODELS = 10


def _spooled(records: Sequence[str]) -> int:
    """Bytes that a sidecar has written below these folders and not yet turned into Parquet."""
    return sum(path.stat().st_size for folder in records for path in Path(folder).glob("**/.spool/*") if path.is_file())


def check_models(spans: Sequence[Span], options: argparse.Namespace) -> None:
    """Raises BadSettings for a model that no record asks for: an empty report would overwrite a good one."""
    names = sorted({span.model for span in spans if span.model})
    unknown = sorted(set(options.model or ()) - set(names))
    if not unknown or not spans:
        return
    more = f" and {len(names) - _NAMED_MODELS} more" if len(names) > _NAMED_MODELS else ""
    held = f"the records hold {', '.join(names[:_NAMED_MODELS])}{more}" if names else "the records name no model at all"
    raise BadSettings(f"No request asks for {', '.join(unknown)}: {held}.")


def notes(analysis: Analysis, options: argparse.Namespace, found: Found) -> tuple[str, ...]:
    """What the user should hear although nothing is wrong: what the answer leaves out and nobody asked to leave out."""
    beside: tuple[str, ...] = ()
    if found.marginals:
        beside = (f"{len(found.marginals)} file(s) of bucket counts lie beside the records and were not used.",)
    return (*beside, *_outside(analysis, options))


def _outside(analysis: Analysis, options: argparse.Namespace) -> tuple[str, ...]:
    """That the window that nobody asked for leaves requests out."""
    coverage, window = analysis.coverage, analysis.window
    if not (coverage.outside and coverage.requests) or options.since or options.until:
        return ()
    lie = f"{coverage.outside:,} of {coverage.requests + coverage.outside:,} requests lie outside this window"
    return (f"{lie} ({window.start.isoformat()} to {window.end.isoformat()}); --all takes them.",)


def _too_little(analysis: Analysis) -> str:
    """Why no model has a bound: of one model its own reason, of several what they need and what the largest has."""
    if len(analysis.models) == 1:
        return " ".join(f"{name}: {model.lengths.effect}" for name, model in analysis.models.items())
    largest, model = max(analysis.models.items(), key=lambda item: item[1].requests)
    needed = requests_needed(model.lengths.target_over_share, model.lengths.confidence)
    return (
        f"All {len(analysis.models)} models have fewer than {needed:,} requests, {largest} with {model.requests:,} the "
        "most: record more, choose a longer window, or accept a larger target_over_share."
    )


def problem(analysis: Analysis, spans: Sequence[Span], options: argparse.Namespace) -> AnalyzerError | None:
    """Why nothing can be said, `None` where something can."""
    if any(model.lengths.max_seq_len is not None for model in analysis.models.values()):
        return None
    if analysis.models:
        return TooLittleTraffic(f"There is too little traffic for a length bound. {_too_little(analysis)}")
    if not spans:
        where = ", ".join(options.records)
        waiting = _spooled(options.records)
        if waiting:
            return NoTraffic(
                f"There is no record in {where} yet: {waiting:,} bytes wait in .spool there, and become Parquet within "
                "the sidecar's rotate_seconds (300 unless set), or when it is stopped."
            )
        return NoTraffic(f"There is no record in {where}: send traffic through the exporter first.")
    window, aside = analysis.window, sum(analysis.coverage.set_aside.values())
    return NoTraffic(
        f"No request counts between {window.start.isoformat()} and {window.end.isoformat()} ({aside:,} rows set "
        "aside): choose another window with --from and --to, or take --all."
    )
