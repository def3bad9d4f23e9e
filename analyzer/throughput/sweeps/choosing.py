"""The points of a table that belong to a serving profile, as the throughput of its replica."""

from collections.abc import Callable, Sequence
from pathlib import Path

from analyzer import engine
from analyzer.engine import Gpu, Model, ServingProfile, Throughput
from analyzer.errors import BadSettings, UnknownEngine
from analyzer.throughput.sweeps import table
from analyzer.throughput.sweeps.fit import fit
from analyzer.throughput.sweeps.kernels import kernels
from analyzer.throughput.sweeps.point import BenchPoint, Setup, setup


def throughput(path: Path, profile: ServingProfile, model: Model, gpu: Gpu) -> Throughput:
    """What one replica of `profile` delivers by the table at `path`.

    Points count whose model, GPU, TP, PP and weights are those of the profile; names are compared as `engine.model` and
    `engine.gpu` know them. Raises `BadSettings` with the setups that the table has where it has not this one,
    `UnreadableRecords` where it is no table, and `TooLittleTraffic` where all its points are saturated.
    """
    points = table.read(path)
    chosen = [point for point in points if _is_of(setup(point), profile, model, gpu)]
    if not chosen:
        held = "; ".join(dict.fromkeys(str(setup(point)) for point in points))
        wanted = Setup(model.name, gpu.name, profile.tp, profile.pp, profile.weights)
        raise BadSettings(f"{path} holds no points of {wanted}, only of: {held}.")
    found = fit(_of_one_version(chosen, profile), kernels(profile, model, gpu))
    return found.throughput


def _of_one_version(points: Sequence[BenchPoint], profile: ServingProfile) -> Sequence[BenchPoint]:
    """Those of the profile's own engine where there are such, else all."""
    own = [point for point in points if point.backend == profile.engine]
    same = [point for point in own if point.version == profile.engine_version]
    return same or own or points


def _is_of(measured: Setup, profile: ServingProfile, model: Model, gpu: Gpu) -> bool:
    return (
        (measured.tp, measured.pp, measured.quant) == (profile.tp, profile.pp, profile.weights)
        and _known(measured.model, lambda name: engine.model(name).family) in {model.family, model.name.casefold()}
        and _known(measured.gpu, lambda name: engine.gpu(name).name) in {gpu.name.casefold(), profile.gpu.casefold()}
    )


def _known(name: str, named: Callable[[str], str]) -> str:
    """A stranger's name as the catalogue has it, else as it stands, in lower case."""
    try:
        return named(name)
    except UnknownEngine:
        return name.casefold()
