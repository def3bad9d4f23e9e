"""Step times that give the latencies of a measured sweep."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from analyzer.engine import StepTimes, Throughput
from analyzer.errors import TooLittleTraffic
from analyzer.throughput.sweeps.expected import expected
from analyzer.throughput.sweeps.point import BenchPoint, setup
from analyzer.throughput.sweeps.steady import Observed, steady

FEW_LENGTHS = 5  # fewer distinct inputs cannot tell what a token of a prompt costs from what a prompt costs
TTFT_WEIGHT = 0.3
RIDGE = 1e-3
MODEL_REQUESTS = 100
UNTOLD_ERROR = 0.4
ENGINE = ("b0", "b1", "m0", "r0", "outside_ms")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SweepFit:
    """What was fitted: the throughput, and for each point how far its ITL and TTFT are off, as shares of the value."""

    throughput: Throughput
    points: tuple[Observed, ...]
    itl_off: tuple[float | None, ...]
    ttft_off: tuple[float | None, ...]


def fit(points: Sequence[BenchPoint], kernels: StepTimes) -> SweepFit:
    """Fit the step times of one setup to the points of its sweep that are below saturation.

    `kernels` says what the GPU itself takes, without the engine around it: a1, a2, b2 and overlap_ms. They are kept
    where the sweep has fewer than five distinct inputs, because it cannot tell them then; with five or more, a1, a2 and
    b2 are fitted too. Fitted are always b0, b1, m0, r0 and outside_ms, none below zero, by least squares of the
    relative errors of mean ITL and (with 0.3 of the weight, because the client is in it) mean TTFT, each point by its
    requests.
    The expected means are those of `expected`, so that the variance of arrivals, and that longer steps gather more
    prompts, are accounted for. a0 follows: a prompt alone takes the step that it would take beside no other request.

    `error_share` is the larger of the worst error at the points and of how far ITL of the highest load is missed by the
    fit to the others, ±40 % with fewer than three points. Raises `TooLittleTraffic` where no point is below saturation.
    """
    seen = steady(points)
    if not any(one.itl is not None for one in seen):
        name = setup(points[0]) if points else "the sweep"
        raise TooLittleTraffic(
            f"No point of {name} is below saturation and has a time per token: measure a load that it keeps up with."
        )
    times = _fitted(seen, kernels)
    itl_off, ttft_off = zip(*(_off(times, one) for one in seen), strict=True)
    worst = max(abs(each) for each in (*itl_off, *ttft_off) if each is not None)
    requests = sum(one.requests for one in seen)
    largest = max((expected(times, one.per_ms, one.isl, one.osl).decoding if one.per_ms else one.at_once or 0.0)
                  for one in seen)  # fmt: skip
    found = Throughput(
        times=times,
        source="sweep",
        detail=_detail(seen, requests, worst),
        error_share=UNTOLD_ERROR if len(seen) < 3 else max(worst, _last_missed(seen, kernels)),
        requests=requests,
        largest_batch=largest,
    )
    return SweepFit(found, seen, itl_off, ttft_off)


def _fitted(seen: Sequence[Observed], kernels: StepTimes) -> StepTimes:
    names = _free(seen)
    scales = _scales(seen, kernels)
    scale = np.array([scales[name] for name in names])
    isl = float(np.mean([one.isl for one in seen]))

    def times(values: Floats) -> StepTimes:
        given = {name: float(value) for name, value in zip(names, values * scale, strict=True)}
        return _alone(replace(kernels, **dict.fromkeys(ENGINE, 0.0) | given), isl)

    def errors(values: Floats) -> Floats:
        return np.append(_errors(times(values), seen), RIDGE * values)

    # from an engine that costs next to nothing beside its steps: from above saturation no slope leads back
    start = np.array([1.0 if name in {"b0", "a1", "a2", "b2"} else 0.02 for name in names])
    found = least_squares(errors, start, bounds=(0.0, np.inf), diff_step=(1e-4,) * len(names), xtol=1e-9)
    return times(found.x)


def _free(seen: Sequence[Observed]) -> tuple[str, ...]:
    """What the points can tell apart."""
    loads = sum(one.itl is not None for one in seen)
    names = ["b0"]
    if any(one.ttft is not None for one in seen):
        names.append("outside_ms")
    if loads >= 2:
        names.append("m0" if any(one.per_ms for one in seen) else "b1")
    if loads >= 3:
        names += [name for name in ("b1", "r0") if name not in names]
    if len({round(np.log(one.isl) * 20) for one in seen if one.ttft is not None}) >= FEW_LENGTHS:
        names += ["a1", "a2"]
    if len({round(np.log(one.isl) * 20) for one in seen if one.itl is not None}) >= FEW_LENGTHS:
        names.append("b2")
    return tuple(names)


def _scales(seen: Sequence[Observed], kernels: StepTimes) -> dict[str, float]:
    """What is about one of each parameter, so that the search takes steps of like size in all."""
    fastest = min(one.itl for one in seen if one.itl is not None)
    most = max((one.at_once or 1.0 for one in seen), default=1.0)
    first = min((one.ttft for one in seen if one.ttft is not None), default=1.0)
    engine = {"b0": fastest, "b1": fastest / max(most, 1.0), "m0": fastest, "r0": fastest, "outside_ms": first}
    return engine | {name: max(getattr(kernels, name), 1e-9) for name in ("a1", "a2", "b2")}


def _alone(times: StepTimes, isl: float) -> StepTimes:
    """`times` with the a0 that lets a prompt of `isl` tokens alone take a step that decodes for nobody."""
    work = times.prefill_ms(isl) - times.a0
    return replace(times, a0=max(0.0, times.mixed_ms(0, 0, 1, isl, isl**2) - work))


def _errors(times: StepTimes, seen: Sequence[Observed]) -> Floats:
    found: list[float] = []
    for one in seen:
        itl, ttft = _off(times, one)
        weight = float(np.sqrt(one.requests / (one.requests + MODEL_REQUESTS)))
        found += [weight * (itl or 0.0), weight * TTFT_WEIGHT * (ttft or 0.0)]
    return np.array(found)


def _off(times: StepTimes, one: Observed) -> tuple[float | None, float | None]:
    """How far mean ITL and TTFT are off at a point, as shares of the measured value."""
    if one.per_ms is None or one.osl <= 1:
        batch = one.at_once or 1.0
        itl = None if one.itl is None else times.decode_ms(batch, batch * one.isl) / one.itl - 1
        alone = times.outside_ms + times.prefill_ms(one.isl)
        return itl, None if one.ttft is None else alone / one.ttft - 1
    found = expected(times, one.per_ms, one.isl, one.osl, ahead=one.ahead)
    itl = None if one.itl is None else found.itl / one.itl - 1
    return itl, None if one.ttft is None else found.ttft / one.ttft - 1


def _last_missed(seen: Sequence[Observed], kernels: StepTimes) -> float:
    """How far ITL of the highest load is off where the fit does not know it."""
    told = [one for one in seen if one.itl is not None]
    last = max(told, key=lambda one: one.per_ms or one.at_once or 0.0)
    itl, _ = _off(_fitted([one for one in seen if one is not last], kernels), last)
    return abs(itl or 0.0)


def _detail(seen: Sequence[Observed], requests: int, worst: float) -> str:
    rates = [one.per_ms * 1000 for one in seen if one.per_ms]
    load = f", {min(rates):.3g} to {max(rates):.3g} requests/s a replica" if rates else ""
    kept = {"a1", "a2", "b2"} - set(_free(seen))
    prior = f"; {', '.join(sorted(kept))} and the overlap are reckoned from model and GPU" if kept else ""
    return (
        f"Fitted to {len(seen)} points of a benchmark below saturation{load} ({requests:,} requests),"
        f" at most {worst * 100:.2g} % off at them{prior}."
    )
