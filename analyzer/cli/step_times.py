"""Where step times come from: a table of a sweep, NVIDIA's tables where they are installed, or arithmetic."""

from dataclasses import replace
from pathlib import Path

from analyzer import engine, throughput
from analyzer.advise.sizing.question import StepModel
from analyzer.engine import Gpu, Model, ServingProfile, Throughput
from analyzer.errors import BadSettings, NoThroughput, TooLittleTraffic
from analyzer.profiles import ProfileSettings
from analyzer.throughput import sweeps
from analyzer.throughput.timings import Timings


def model(name: str) -> Model:
    """The model of a name, or of a config.json (or the folder that holds one); raises `UnknownEngine`."""
    path = Path(name)
    return engine.model_from_config(path) if path.exists() else engine.model(name)


def profile(said: ProfileSettings, asked: Model, gpu: Gpu | None, where: str) -> ServingProfile:
    """The profile that is said in the file or table `where`, with the defaults of its engine.

    Raises `BadSettings` where it is of another model or GPU than the one that is asked about.
    """
    own, card = model(said.model), engine.gpu(said.gpu)
    if own.family != asked.family and own.name != asked.name:
        raise BadSettings(f"The profile {where} is of {own.name}, and what is asked about is {asked.name}.")
    if gpu is not None and card.name != gpu.name:
        raise BadSettings(f"The profile {where} is for {card.name}, and what is asked about is {gpu.name}.")
    return said.completed(asked, card)


def source(asked: Model, gpu: Gpu, table: Path | None = None, grids: Path | None = None) -> StepModel:
    """The best source that there is for profiles of `asked` on `gpu`; the table of a sweep alone where one is given.

    What was measured is not compared with what a model of the engine promises, so profiles that the table does not hold
    have no step times. `grids` is a folder with NVIDIA's tables as grids.
    """
    if table is not None:
        return _measured(table, asked, gpu)

    def times(one: ServingProfile) -> Throughput:
        return throughput.choose(one, asked, gpu, grids=grids).throughput

    return times


def recorded(
    fixed: ServingProfile, asked: Model, gpu: Gpu, timings: Timings | None, table: Path | None, grids: Path | None
) -> StepModel:
    """The source for what runs today: recorded times before all others, blended with the table where there is one."""

    def sweep() -> Throughput:
        if table is None:
            raise NoThroughput("No table of a sweep is given.")
        return sweeps.throughput(table, fixed, asked, gpu)

    made = throughput.choose(fixed, asked, gpu, timings=timings, sweep=None if table is None else sweep, grids=grids)
    chosen = made.throughput
    for passed in made.passed_over:
        if passed.source == "live":  # whoever has records should hear why they did not count
            chosen = replace(chosen, detail=f"{chosen.detail} Recorded times were not used. {passed.reason}")
    others = source(asked, gpu, table, grids)

    def times(one: ServingProfile) -> Throughput:
        # how long a request may be, and how many replicas there are, does not change what a step takes
        same = replace(one, max_model_len=fixed.max_model_len, replicas=fixed.replicas)
        return chosen if same == fixed else others(one)

    return times


def _measured(table: Path, asked: Model, gpu: Gpu) -> StepModel:
    def times(one: ServingProfile) -> Throughput:
        try:
            return sweeps.throughput(table, one, asked, gpu)
        except (BadSettings, TooLittleTraffic) as error:
            raise NoThroughput(str(error)) from error

    return times
