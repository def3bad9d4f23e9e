"""What is thought of an engine's step before its records are looked at: what they do not show is taken from here."""

from dataclasses import replace

from analyzer.engine import StepTimes, Throughput
from analyzer.throughput.live_steps import Expected

# Shares by which what the data sheets of GPU and model say may be off. Engines reach 0.3 to 0.7 of the operations and
# read the cache at 0.4 to 0.9 of the bandwidth (SIZING 4.1); most of what weights take is hidden behind one another.
COMPUTING, READING, HIDDEN = 0.4, 0.4, 0.5
LAUNCHING = 0.3  # of a step: what one that reads takes longer besides, which no data sheet says
CONTEXT = 50_000  # tokens of a prompt at which its attention takes as long as the rest of it, where nothing is known
UNKNOWN = 0.5  # of a step that is reading the weights, where nothing is known


def expected(
    shortest: float, slopes: tuple[float, float], prior: Throughput | None, kernels: StepTimes | None
) -> Expected:
    """The expectation for steps of which the shortest take `shortest` milliseconds.

    It is what a sweep of the same setup (`prior`) found, else what `kernels` has of GPU and model, with b1 of `prior`,
    else `prior` itself. Where there is neither, a1 and a2 are about the `slopes` of TTFT, and the rest is hardly known.
    """
    centre = _centre(shortest, slopes, prior, kernels)
    known = prior is not None or kernels is not None
    widths = StepTimes(
        a0=0.0,
        a1=(COMPUTING if known else 1.0) * centre.a1,
        a2=max(centre.a2, centre.a1 / CONTEXT),
        b0=10 * shortest,
        b1=max(centre.b1, centre.a1 / 2),
        b2=READING * centre.b2 if centre.b2 > 0 else shortest / CONTEXT,
        m0=LAUNCHING * shortest,
        overlap_ms=HIDDEN * centre.overlap_ms if known and centre.overlap_ms else shortest,
    )
    return Expected(replace(centre, b0=shortest), widths)


def _centre(
    shortest: float, slopes: tuple[float, float], prior: Throughput | None, kernels: StepTimes | None
) -> StepTimes:
    if prior is not None and prior.source == "sweep":
        return prior.times
    if kernels is not None:
        return replace(kernels, b1=0.0 if prior is None else prior.times.b1)
    if prior is not None:
        return prior.times
    return StepTimes(0, *slopes, shortest, 0, 0, overlap_ms=UNKNOWN * shortest)
