"""What the settings want to have sized from records, with the recorded times and hours that it takes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from analyzer import engine, profiles
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.hours import EACH, RecordedHour, busiest
from analyzer.advise.sizing.question import Sizing, StepModel, Wishes
from analyzer.advise.sizing.sample import Sample, one_in
from analyzer.analysis import Questions
from analyzer.cli import price_list, step_times
from analyzer.engine import Gpu, Model, ServingProfile
from analyzer.errors import BadSettings, DoesNotFit, NoThroughput, UnknownEngine
from analyzer.profiles import ProfileSettings
from analyzer.replay import Routing
from analyzer.replay.checking import Checked
from analyzer.replay.setups import checked
from analyzer.settings import CapacitySettings, ModelSettings, Settings, sentence
from analyzer.shape import HourlyShape
from analyzer.store import Records
from analyzer.throughput.timings import Timings
from analyzer.window import HOUR_US, Window

_CANDIDATES = 2 * EACH
"""Hours of each measure that are read: some may turn out to be no usual ones."""


@dataclass(frozen=True, slots=True)
class Took:
    """What single requests of a model took, `None` without recorded times, its busiest hours, and an even sample."""

    timings: Timings | None
    hours: Sequence[RecordedHour]
    sample: Sample | None = None


def wanted(settings: Settings, questions: Mapping[str, Questions]) -> tuple[str, ...]:
    """The models whose capacity is to be found: the settings name a GPU or a profile and no throughput."""
    return tuple(
        name
        for name, one in questions.items()
        if one.stated is not None and (own := settings.of(name).capacity) is not None and own.rps_per_replica is None
    )


def took(records: Records, window: Window, name: str, hours: Sequence[HourlyShape]) -> Took:
    """What `records` hold for the model that they call `name`; `hours` are its hours of `window`."""
    starts = busiest(hours, _CANDIDATES)
    chosen = [RecordedHour(start, records.arrivals(_hour(window, start), name).requests) for start in starts]
    sample = records.sample(window, name, one_in(sum(one.requests for one in hours)))
    return Took(records.timings(window, name), tuple(one for one in chosen if len(one.requests)), sample)


def _hour(window: Window, start: int) -> Window:
    begun = max(window.local(start), window.start)
    return Window(begun, min(window.local(start + HOUR_US), window.end), window.timezone)


def question(name: str, settings: Settings, asked: Questions, took: Took) -> Questions:
    """`asked` with what is to be sized for the model that records call `name`.

    Raises `UnknownEngine` for a model or a GPU without figures.
    """
    own = settings.of(name)
    capacity = own.capacity
    if capacity is None or asked.stated is None:
        return asked
    said, where = _profile(name, capacity)
    model = _model(name, capacity, said)
    named = None if capacity.gpu is None else engine.gpu(capacity.gpu)
    fixed = None if said is None else step_times.profile(said, model, named, where)
    if said is not None and fixed is not None and "replicas" in said.left_out and capacity.current_replicas:
        fixed = replace(fixed, replicas=capacity.current_replicas)
    gpu = engine.gpu(fixed.gpu if fixed is not None else capacity.gpu or "")
    if fixed is None:
        times = step_times.source(model, gpu, capacity.throughput, capacity.grids)
    else:
        times = step_times.recorded(fixed, model, gpu, took.timings, capacity.throughput, capacity.grids)
    sizing = Sizing(
        model=model,
        gpu=gpu,
        objectives=Objectives(capacity.ttft_ms, capacity.itl_ms, capacity.e2e_ms, capacity.percentile),
        times=times,
        prices=price_list.load(capacity.prices),
        fixed=fixed,
        wishes=Wishes(engine=capacity.engine, weights=capacity.weights, kv_cache=capacity.kv_cache),
        told_pool_tokens=own.kv_pool_tokens,
        routing=capacity.routing,
        timings=took.timings,
        checked=_checked(fixed, times, took, (model, gpu), own),
    )
    return replace(asked, sizing=sizing, hours=tuple(took.hours), sample=took.sample)


def _checked(
    fixed: ServingProfile | None, times: StepModel, took: Took, on: tuple[Model, Gpu], own: ModelSettings
) -> Checked | None:
    """How near the simulation of what runs today comes to what was recorded; `None` where it cannot run."""
    routing: Routing = "least_outstanding" if own.capacity is None else own.capacity.routing
    if fixed is not None:
        with suppress(DoesNotFit, NoThroughput):  # which the sizing tells
            return checked(fixed, times(fixed), took.timings, on, own.kv_pool_tokens, routing)
    return None


def _profile(name: str, capacity: CapacitySettings) -> tuple[ProfileSettings | None, str]:
    """What the settings say of what runs today, and where they say it; raises `BadSettings` for each mistake."""
    if capacity.profile is None:
        return None, ""
    if isinstance(capacity.profile, Path):
        return profiles.read(capacity.profile), str(capacity.profile)
    where = f"profile under [capacity], which is used for {name}"
    try:
        return ProfileSettings.model_validate(capacity.profile), where
    except ValidationError as error:
        raise BadSettings("\n".join(sentence(dict(mistake), where) for mistake in error.errors())) from error


def _model(name: str, capacity: CapacitySettings, profile: ProfileSettings | None) -> Model:
    """The model as the settings name it, or their profile, or else the records."""
    said = capacity.model or (None if profile is None else profile.model)
    if said is not None:
        return step_times.model(said)
    try:
        return engine.model(name)
    except UnknownEngine as error:
        raise UnknownEngine(f"{error} Records call it so: say which model it is as model under [capacity].") from error
