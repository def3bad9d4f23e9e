"""All sweeps beside what each source of step times gives for them."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from analyzer.engine import StepTimes, Throughput
from analyzer.throughput import aiconfigurator, roofline
from analyzer.throughput.sweeps import fit, kernels
from tests.accuracy.measured import Measured, h100, llama, sweeps
from tests.accuracy.page import CALIBRATED, Compared
from tests.accuracy.predicted import Figures, knee, of_point, predict

FITTED, TABLES, ROOFLINE = "fitted", "AIConfigurator", "roofline"
GRIDS = Path(__file__).parents[1] / "samples" / "aiconfigurator"
# what the roofline and the kernels take from data sheets, made better and worse
ASSUMED = (
    ("as it is: 60 % of the operations, 92 % of the bandwidth", 1.0, 1.0),
    ("50 % of the operations", 0.6 / 0.5, 1.0),
    ("70 % of the operations", 0.6 / 0.7, 1.0),
    ("80 % of the bandwidth", 1.0, 0.92 / 0.8),
    ("70 % of the bandwidth", 1.0, 0.92 / 0.7),
)


def calibrated(sweep: Measured, own: Callable[[StepTimes], StepTimes] = lambda times: times) -> Throughput:
    """Fitted to the three lowest loads of the sweep and to nothing else."""
    lowest = sorted(sweep.points, key=lambda point: point.load or 0)[:CALIBRATED]
    return fit(lowest, own(kernels(sweep.profile, llama(), h100()))).throughput


def sources(sweep: Measured, fitted: Throughput) -> Mapping[str, StepTimes]:
    """The step times of each source for the engine of this sweep, by its name; fitted ones are those of the first."""
    return {
        FITTED: fitted.times,
        TABLES: aiconfigurator.throughput(sweep.profile, llama(), h100(), GRIDS).times,
        ROOFLINE: roofline(sweep.profile, llama(), h100()).times,
    }


def compare(sweep: Measured, times: Mapping[str, StepTimes]) -> Compared:
    """One sweep replayed with each of the step times."""
    loads = [point.load or 0.0 for point in sweep.points]
    return Compared(
        sweep=sweep,
        measured=tuple(of_point(point) for point in sweep.points),
        predicted={name: tuple(predict(sweep, each, load) for load in loads) for name, each in times.items()},
        knees={name: knee(sweep, each, sweep.knee) for name, each in times.items()},
    )


def all_compared() -> tuple[list[Compared], Throughput]:
    """Every sweep, and the throughput that was fitted to the first."""
    first, *others = sweeps()
    fitted = calibrated(first)
    return [compare(sweep, sources(sweep, fitted)) for sweep in (first, *others)], fitted


def sensitivity() -> list[tuple[str, Figures, Figures]]:
    """The stages at 92 and 123 requests/s with other figures of the GPU, each fitted anew."""
    first = sweeps()[0]
    found = []
    for name, arithmetic, memory in ASSUMED:

        def own(times: StepTimes, arithmetic: float = arithmetic, memory: float = memory) -> StepTimes:
            return replace(
                times,
                a1=times.a1 * arithmetic,
                a2=times.a2 * arithmetic,
                b2=times.b2 * memory,
                overlap_ms=times.overlap_ms * memory,
            )

        fitted = calibrated(first, own)
        busy, saturated = (predict(first, fitted.times, first.points[place].load or 0) for place in (3, 4))
        found.append((name, busy, saturated))
    return found
