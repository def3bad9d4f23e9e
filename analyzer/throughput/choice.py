"""Which source of step times is used for a serving profile, and why better ones were not."""

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from analyzer.engine import Gpu, Model, ServingProfile, Source, StepTimes, Throughput
from analyzer.errors import AnalyzerError, NoThroughput
from analyzer.throughput import aiconfigurator, live
from analyzer.throughput.arithmetic import roofline
from analyzer.throughput.sweeps.kernels import kernels
from analyzer.throughput.timings import Timings

Ask = Callable[[], Throughput]


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A better source that has nothing to say here, with the reason in one sentence."""

    source: Source
    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The step times to reckon with, and the better sources that were asked first."""

    throughput: Throughput
    passed_over: tuple[PassedOver, ...]


def choose(
    profile: ServingProfile,
    model: Model,
    gpu: Gpu,
    *,
    stated: Throughput | None = None,
    timings: Timings | None = None,
    sweep: Ask | None = None,
    grids: Path | None = None,
) -> Chosen:
    """The best source for `profile`: stated, live, sweep, AIConfigurator (grid or package), roofline, in this order.

    `timings` are requests that ran with this very profile, `None` where there are none; `sweep` gives the throughput of
    an imported sweep or raises one of our errors with the reason; `grids` is the folder with AIConfigurator's grids.
    Where both live records and a sweep have an answer, they are blended by the inverse of their squared errors, as both
    are measured. What is computed is never blended with what is measured.
    """
    if stated is not None:
        return Chosen(stated, ())
    computed: list[tuple[Source, Ask]] = [
        ("aiconfigurator", lambda: aiconfigurator.throughput(profile, model, gpu, grids)),
        ("roofline", lambda: roofline(profile, model, gpu)),
    ]
    measured: list[tuple[Source, Ask]] = [("sweep", sweep)] if sweep is not None else []
    others = _first([*measured, *computed])
    if timings is None:
        return others
    try:
        found = from_records(timings, others.throughput, profile, model, gpu)
    except NoThroughput as error:
        return Chosen(others.throughput, (PassedOver("live", str(error)), *others.passed_over))
    if others.throughput.source == "sweep":
        return Chosen(blended((found, others.throughput)), ())
    return Chosen(found, ())


def from_records(timings: Timings, others: Throughput, profile: ServingProfile, model: Model, gpu: Gpu) -> Throughput:
    """The step times of one replica of `profile` from requests that ran with it; what they do not tell is of `others`.

    Raises `NoThroughput` with the reason where they are too few.
    """
    budget = profile.max_num_batched_tokens if profile.chunked_prefill else None
    shapes = kernels(profile, model, gpu)
    return live.fit(timings, others, profile.replicas, shapes, budget, ahead=profile.async_scheduling)


def blended(sources: Sequence[Throughput]) -> Throughput:
    """Measured sources as one, each weighted by 1 / error²; the errors are taken to be independent of each other.

    The times are linear in their parameters, so that blending those blends every time. It is named for the source that
    weighs most. Raises `ValueError` without any.
    """
    if not sources:
        raise ValueError("there is no source to blend")
    if len(sources) == 1:
        return sources[0]
    weights = [1 / max(each.error_share, 1e-3) ** 2 for each in sources]
    total = sum(weights)
    columns = zip(*(astuple(each.times) for each in sources), strict=True)
    shares = [weight / total for weight in weights]
    times = StepTimes(*(sum(s * v for s, v in zip(shares, column, strict=True)) for column in columns))
    heaviest = max(zip(shares, sources, strict=True), key=lambda pair: pair[0])[1]
    batches = [each.largest_batch for each in sources if each.largest_batch is not None]
    said = "; ".join(
        f"{share * 100:.0f} % {each.source} ({each.detail.rstrip('.')})"
        for share, each in zip(shares, sources, strict=True)
    )
    return Throughput(
        times=times,
        source=heaviest.source,
        detail=f"Blended by inverse variance: {said}.",
        error_share=total**-0.5,
        requests=sum(each.requests or 0 for each in sources) or None,
        largest_batch=max(batches) if batches else None,
    )


def _first(sources: Sequence[tuple[Source, Ask]]) -> Chosen:
    """The first of `sources` with an answer; the last one always has one."""
    passed: list[PassedOver] = []
    for source, ask in sources[:-1]:
        try:
            return Chosen(ask(), tuple(passed))
        except AnalyzerError as error:
            passed.append(PassedOver(source, str(error)))
    return Chosen(sources[-1][1](), tuple(passed))
