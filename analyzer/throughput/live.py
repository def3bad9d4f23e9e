"""Step times fitted to what recorded requests took while others ran beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analyzer.engine import StepTimes, Throughput
from analyzer.errors import NoThroughput
from analyzer.throughput import fitting, live_error, live_first
from analyzer.throughput.live_expected import expected
from analyzer.throughput.live_steps import Alone, Expected, StepFit, Written, fit_steps
from analyzer.throughput.mix import Mix
from analyzer.throughput.quantile import at_quantile
from analyzer.throughput.readings import Readings, readings, short_step, without_reading
from analyzer.throughput.timings import (
    Bools,
    Surroundings,
    Timings,
    new_tokens,
    replicas_behind,
    spans,
    surroundings,
)

LEAST_REQUESTS = 200
LEAST_LENGTHS = 5  # distinct input lengths that a slope can be found from
MOST_ROWS = 2000  # of the quantile regression, those with the fewest requests ahead
MOST_FITTED = 20_000  # requests whose time between tokens is fitted, evenly over all of them
LEAST_ERROR = 0.15  # what capacity and TTFT of engines were off by that are not quite of this form
PIECE = 0.5  # of a short step for each token: answers that took even less were not written token by token
UNTOLD = 30.0  # the condition number above which requests and cached tokens are hardly told apart


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How well a fit is known: the most requests at once, how well B and K are told apart, and how far it is off.

    `off` at the requests themselves, `held_out` where it did not know the busier ones (`None` where that could not be
    tried), `uncertain` by what is left open.
    """

    largest: float
    condition: float
    off: float
    held_out: float | None
    uncertain: float


def fit(
    timings: Timings,
    prior: Throughput | None = None,
    replicas: int = 1,
    kernels: StepTimes | None = None,
    budget: int | None = None,
    *,
    ahead: bool = False,
) -> Throughput:
    """The step times of one replica from `timings` of streamed requests, which `replicas` of them served.

    b0, b1, b2, m0, a1, a2 and the overlap are fitted to E2E - TTFT: the tokens of a request, times what a step takes
    beside the requests and cached tokens of its lifetime, and what each step that read prompts meanwhile took longer,
    known by first tokens that came together. What records do not tell comes from `kernels`, a1, a2, b2 and the overlap
    of model and GPU, and from `prior`, the next source. A lower quantile (0.10) of TTFT says what is outside the
    engine; where steps are decided `ahead`, a prompt waits for one more. `budget` are the tokens of a step in pieces.

    Where fewer than five input lengths or hardly any range of concurrency were seen, those slopes are those of `prior`.
    Raises `NoThroughput` with the reason where there is too little to fit and no prior helps.
    """
    behind = replicas_behind(timings, replicas)
    beside, usable = surroundings(timings, behind), _usable(timings)
    read = readings(timings, usable, budget, behind)
    seen, alone = _written(timings, beside, read, usable), live_first.alone(timings, beside, read, usable)
    largest = float(seen.batch.max())
    thought = _expected(timings, beside, usable, seen, prior, kernels)
    found = fit_steps(seen, alone, thought)
    # once more, beside what ran in a step on average instead of over time, in which steps that read count for more
    seen = _written(timings, surroundings(without_reading(timings, read, found.times), behind), read, usable)
    found = fit_steps(seen, alone, thought)
    found = replace(found, times=live_first.with_constants(found.times, timings, beside, read, usable, ahead=ahead))
    evidence = _evidence(seen, alone, thought, found, timings, largest)
    return Throughput(
        times=found.times,
        source="live",
        detail=_sentence(timings, seen, evidence, found, prior, int(usable.sum())) + _sharing(behind),
        error_share=max(LEAST_ERROR, evidence.off, evidence.held_out or 0.0, evidence.uncertain),
        requests=len(seen.took),
        largest_batch=evidence.largest,
    )


def _usable(timings: Timings) -> Bools:
    """Those with a TTFT and an end; raises `NoThroughput` where they are too few."""
    usable: Bools = timings.counted & timings.completed & (timings.ttft_us > 0) & (timings.e2e_us >= timings.ttft_us)
    if not usable.any():
        raise NoThroughput("No request has its TTFT and its end recorded: record streamed answers for a live fit.")
    if usable.sum() < LEAST_REQUESTS:
        raise NoThroughput(
            f"Only {usable.sum():,} requests have their TTFT and end recorded, and a live fit takes {LEAST_REQUESTS}: "
            "record for longer."
        )
    return usable


def _written(timings: Timings, beside: Surroundings, read: Readings, usable: Bools) -> Written:
    """What requests took that wrote token by token; answers that came in one piece did not."""
    rows = np.flatnonzero(usable & (timings.osl >= 2) & (timings.e2e_us > timings.ttft_us))
    if len(rows):
        per_token = (timings.e2e_us - timings.ttft_us)[rows] / (timings.osl[rows] - 1)
        rows = rows[per_token >= PIECE * short_step(per_token)]
    if len(rows) < LEAST_REQUESTS:
        raise NoThroughput(
            f"Only {len(rows):,} requests have two tokens or more with their times, and a live fit takes "
            f"{LEAST_REQUESTS}: record for longer."
        )
    return Written(
        took=(timings.e2e_us - timings.ttft_us)[rows] / 1000,
        gaps=(timings.osl[rows] - 1).astype(np.float64),
        batch=beside.batch[rows],
        kv_tokens=beside.kv_tokens[rows],
        since=read.own[rows] + 1,
        until=read.until[rows],
        readings=read,
    )


def _expected(
    timings: Timings,
    beside: Surroundings,
    usable: Bools,
    seen: Written,
    prior: Throughput | None,
    kernels: StepTimes | None,
) -> Expected:
    """What is thought beforehand, with what these records cannot tell kept as it is in `prior`."""
    lengths = _lengths(timings, usable)
    if lengths < LEAST_LENGTHS and prior is None:
        raise NoThroughput(
            f"All recorded inputs have one of {lengths} lengths, and the time to read one token takes "
            f"{LEAST_LENGTHS} to be found: record traffic with inputs of different lengths."
        )
    if not live_error.varies(seen) and prior is None:
        low, high = np.quantile(seen.batch, (0.05, 0.95))
        raise NoThroughput(
            f"Nearly all recorded requests ran beside {low - 1:.1f} to {high - 1:.1f} others, too narrow a range to "
            "tell what one more costs: record hours of different load."
        )
    slopes = (0.0, 0.0) if prior is not None or kernels is not None else _slopes(timings, beside, usable)
    thought = expected(short_step(seen.took / seen.gaps), slopes, prior, kernels)
    if prior is not None and lengths < LEAST_LENGTHS:
        thought = _kept(thought, prior, "a1", "a2")
    if prior is not None and not live_error.varies(seen):
        thought = _kept(thought, prior, "b1", "b2")
    return thought


def _kept(thought: Expected, prior: Throughput, *names: str) -> Expected:
    values = {name: getattr(prior.times, name) for name in names}
    return Expected(replace(thought.times, **values), replace(thought.widths, **dict.fromkeys(names, 0.0)))


def _lengths(timings: Timings, usable: Bools) -> int:
    return len(np.unique(new_tokens(timings)[usable]))


def _slopes(timings: Timings, beside: Surroundings, usable: Bools) -> tuple[float, float]:
    """a1 and a2 by TTFT alone: the lower quantile over new tokens, spans, and what was being served at the arrival."""
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(beside.ahead[rows], kind="stable")][:MOST_ROWS]
    columns = (new_tokens(timings), spans(timings), beside.writing, beside.cached_then)
    _, a1, a2, *_ = at_quantile(
        (np.ones(len(rows)), *(column[rows] for column in columns)), timings.ttft_us[rows] / 1000, live_first.TAU
    )
    return a1, a2


def _evidence(
    seen: Written, alone: Alone, thought: Expected, found: StepFit, timings: Timings, largest: float
) -> _Evidence:
    rows = timings.counted & timings.completed
    mix = Mix.of(timings.isl[rows], timings.osl[rows])
    columns = (np.ones_like(seen.batch), seen.batch, seen.kv_tokens)
    return _Evidence(
        largest=largest,
        condition=fitting.fitted(columns, seen.took / seen.gaps, seen.gaps).condition,
        off=live_error.worst_group(seen, found),
        held_out=live_error.held_out(seen, alone, thought),
        uncertain=live_error.uncertain(found, mix, largest),
    )


def _sharing(replicas: float) -> str:
    """That records do not tell replicas apart, as a sentence behind another; empty where they do."""
    if replicas <= 1:
        return ""
    return f" The records do not tell replicas apart: {replicas:g} share what was in flight at each address."


def _sentence(
    timings: Timings, seen: Written, evidence: _Evidence, found: StepFit, prior: Throughput | None, first: int
) -> str:
    taken = int(timings.counted.sum())
    sampled = "" if taken >= timings.requests else f", {taken:,} of them looked at,"
    behind = f"TTFT of {first:,}, time between tokens of {len(seen.took):,}"
    at_once = f"with up to {evidence.largest:.0f} at once"
    words = [
        f"Fitted to {timings.requests:,} recorded requests{sampled} ({behind}) {at_once}",
        f"off by at most {evidence.off * 100:.0f} % over ten levels of concurrency",
    ]
    return "; ".join([*words, *_unseen(evidence, found, prior)]) + "."


def _unseen(evidence: _Evidence, found: StepFit, prior: Throughput | None) -> Iterator[str]:
    """What the records do not tell, and how that was tried."""
    if evidence.held_out is not None:
        half = evidence.largest * live_error.HALF
        off = f"{evidence.held_out * 100:.0f} %"
        yield f"a fit to those with up to {half:.0f} at once is off by {off} for those with more"
    borrowed = prior.source if prior is not None else ""
    if "a1" not in found.names:
        yield f"the slope over input tokens from {borrowed}, as fewer than {LEAST_LENGTHS} lengths were seen"
    if "b1" not in found.names:
        yield f"the slopes over concurrency from {borrowed}, as it hardly varied"
    elif evidence.condition > UNTOLD:
        yield f"requests and cached tokens are hardly told apart (condition {evidence.condition:.0f})"
    if "overlap_ms" in found.untold or "a1" in found.untold:
        yield "what hides behind the reading of weights is hardly told by them"
