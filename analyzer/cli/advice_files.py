"""The advice of an analysis as the files that people apply, where a serving profile was chosen or is known."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Final

from analyzer import emit
from analyzer.advise.capacity import CapacityAdvice, arithmetic
from analyzer.advise.season import Season
from analyzer.analysis import Analysis, ModelAnalysis, Questions
from analyzer.emit import Recommendation, SeasonPlan
from analyzer.emit.recommendation import Knob
from analyzer.engine import ServingProfile
from analyzer.errors import BadSettings
from analyzer.throughput.source_words import spoken
from analyzer.window import DAY, Window

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_OF_A_SEASON: Final = (
    "tp", "pp", "weights", "kv_cache", "max_num_seqs", "max_num_batched_tokens", "chunked_prefill", "prefix_caching",
    "async_scheduling", "gpu_memory_utilization",
)  # fmt: skip


def files(analysis: Analysis, questions: Mapping[str, Questions]) -> dict[str, str]:
    """Path below the folder `emit` of a report → text; empty where nothing is known of what runs.

    The files of several models lie in a folder of their own each.
    """
    made = {
        name: recommendation(model, analysis.window, questions[name])
        for name, model in analysis.models.items()
        if model.serving is not None and model.capacity is not None
    }
    known = {name: one for name, one in made.items() if one is not None}
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name, one in known.items():
        folder = "" if len(known) == 1 else f"{_free(_NOT_IN_A_NAME.sub('-', name).strip('-.') or 'model', taken)}/"
        found |= {f"{folder}{path}": text for path, text in emit.files(one).items()}
    return found


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number behind it where another model's has come out alike; taken from now on."""
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(free.lower())
    return free


def recommendation(model: ModelAnalysis, window: Window, questions: Questions) -> Recommendation | None:
    """What is recommended for one model, `None` where no profile is known."""
    advice, serving = model.capacity, model.serving
    if advice is None or serving is None:
        return None
    limit = model.lengths.max_seq_len
    profile = replace(serving, max_model_len=limit or serving.max_model_len, replicas=advice.replicas)
    seasons = () if model.seasons is None else model.seasons.plan
    return Recommendation(
        profile=profile,
        current=_current(questions, advice),
        replicas=advice.replicas,
        window=_days(window),
        requests=model.requests,
        timezone=window.timezone,
        objectives=advice.objectives,
        seasons=tuple(
            SeasonPlan(one.name, one.hours_of_week, _in_season(profile, one), one.replicas) for one in seasons
        ),
        reasons=_reasons(model, advice),
        kv_pool_tokens=None if advice.memory is None else advice.memory.kv_pool_tokens,
        max_input_len=model.lengths.max_input_len,
    )


def _in_season(profile: ServingProfile, season: Season) -> ServingProfile:
    """What runs in a season: the recommended profile with the knobs that are the season's own, but its length limit."""
    told = ((name, getattr(season.profile, name)) for name in _OF_A_SEASON)
    return replace(profile, replicas=season.replicas, **{name: value for name, value in told if value is not None})


def without_records(serving: ServingProfile, advice: CapacityAdvice, asked: str) -> Recommendation:
    """What is recommended for the load that `asked` names, of which there are no records."""
    reasons: dict[Knob, str] = {"replicas": f"{arithmetic(advice)}. {_by(advice)}"}
    return Recommendation(
        profile=replace(serving, replicas=advice.replicas),
        current=None,
        replicas=advice.replicas,
        window=asked,
        requests=0,
        timezone="UTC",
        objectives=advice.objectives,
        reasons=reasons | _of_the_choice(advice),
        kv_pool_tokens=None if advice.memory is None else advice.memory.kv_pool_tokens,
    )


def write(found: Mapping[str, str], folder: Path) -> None:
    """Write files by their path below `folder`; raises `BadSettings` where that cannot be."""
    try:
        for path, text in found.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadSettings(f"--emit {folder} cannot be written: {error.strerror}.") from error


def _days(window: Window) -> str:
    """The window by its first and last day where it has whole ones: 2025-04-07 to 2025-04-13."""
    start, end = window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)
    whole = all(moment.time() == time() for moment in (start, end))
    return f"{start:%Y-%m-%d} to {end - DAY:%Y-%m-%d}" if whole else f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}"


def _current(questions: Questions, advice: CapacityAdvice) -> ServingProfile | None:
    """What runs today, as far as a profile file says it."""
    fixed = None if questions.sizing is None else questions.sizing.fixed
    if fixed is None:
        return None
    return fixed if advice.current is None else replace(fixed, replicas=advice.current.replicas)


def _reasons(model: ModelAnalysis, advice: CapacityAdvice) -> dict[Knob, str]:
    """The sentences behind the knobs that the traffic decides."""
    evidence = {item.figure: item.sentence for item in model.evidence}
    found: dict[Knob, str] = {}
    if "capacity.replicas" in evidence:
        found["replicas"] = evidence["capacity.replicas"]
        if advice.source != "stated":
            found["replicas"] += f" {_by(advice)}"
    if "lengths.max_seq_len" in evidence:
        found["max_model_len"] = evidence["lengths.max_seq_len"]
    return found | _of_the_choice(advice)


def _by(advice: CapacityAdvice) -> str:
    return f"What a replica carries is by {spoken(advice.source)}: {advice.confidence}."


def _of_the_choice(advice: CapacityAdvice) -> dict[Knob, str]:
    """Why this parallelism, where there was a choice."""
    if len(advice.alternatives) < 2:
        return {}
    choices = f"Of {len(advice.alternatives)} choices"
    return {
        "tp": f"{choices} this one takes the fewest GPUs for the load, all replicas together (to 6 %), and of such the "
        "fewest if steps are slower by the error of their source."
    }
