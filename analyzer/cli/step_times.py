"""Where step times come from: a table of a sweep, NVIDIA's tables where they are installed, or arithmetic."""

from pathlib import Path

from analyzer import throughput
from analyzer.advise.sizing.question import StepModel
from analyzer.engine import Gpu, Model, ServingProfile, Throughput


def source(model: Model, gpu: Gpu, table: Path | None) -> StepModel:
    """The best source that there is for profiles of `model` on `gpu`."""
    del table

    def times(profile: ServingProfile) -> Throughput:
        return throughput.roofline(profile, model, gpu)

    return times
