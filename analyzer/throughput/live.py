"""Step times fitted to what recorded requests took while others ran beside them."""

from dataclasses import dataclass

import numpy as np

from analyzer.engine import StepTimes, Throughput
from analyzer.errors import NoThroughput
from analyzer.throughput import fitting
from analyzer.throughput.quantile import at_quantile
from analyzer.throughput.timings import (
    Bools,
    Floats,
    Ints,
    Surroundings,
    Timings,
    new_tokens,
    replicas_behind,
    spans,
    surroundings,
)

TAU = 0.10  # the quantile of TTFT that hardly any queue is in
LEAST_REQUESTS = 200
LEAST_ALONE = 30  # requests that found the engine empty, from which its own constant is found
LEAST_LENGTHS = 5  # distinct input lengths that a slope can be found from
MOST_ROWS = 2000  # of the quantile regression, those with the fewest requests ahead
LEAST_SPREAD = 2.0  # the largest mean concurrency over the smallest that a slope can be found from
GROUPS = 10
LEAST_ERROR = 0.15  # what TTFT and capacity were off by at most at loads like those that were seen, by simulation
UNTOLD = 30.0  # the condition number above which requests and cached tokens are hardly told apart


@dataclass(frozen=True, slots=True)
class _Prompt:
    """What TTFT says: the constant in milliseconds, a1, a2, from how many requests, and whether a1, a2 were found."""

    constant: float
    a1: float
    a2: float
    requests: int
    found: bool


@dataclass(frozen=True, slots=True)
class _Step:
    """What the time between tokens says: b0, b1, b2, how it was found, and how far off it is."""

    coefficients: tuple[float, float, float]
    requests: int
    largest_batch: float
    condition: float
    error: float
    found: bool


def fit(timings: Timings, prior: Throughput | None = None, replicas: int = 1) -> Throughput:
    """The step times of one replica from `timings` of streamed requests, which `replicas` of them served.

    a1, a2 and the constant are the lower quantile (0.10) of TTFT over x uncached input tokens, their spans, and the
    requests and cached tokens that were being served already, which a prompt's step serves too. b0, b1, b2 are a
    non-negative fit of (E2E - TTFT) / (OSL - 1) over the time averages of requests and cached tokens, after taking off
    what reading the prompts of others took meanwhile: without that, b1 takes it in and ITL comes out twice too long at
    several times the load. Of the constant, at most b0 counts as the engine's own (reading the weights once, as a step
    does), the rest as outside it.

    Where fewer than five input lengths or hardly any range of concurrency were seen, those slopes are those of `prior`.
    Raises `NoThroughput` with the reason where there is too little to fit and no prior helps.
    """
    behind = replicas_behind(timings, replicas)
    beside = surroundings(timings, behind)
    usable = timings.counted & timings.completed & (timings.ttft_us > 0) & (timings.e2e_us >= timings.ttft_us)
    if not usable.any():
        raise NoThroughput("No request has its TTFT and its end recorded: record streamed answers for a live fit.")
    if usable.sum() < LEAST_REQUESTS:
        raise NoThroughput(
            f"Only {usable.sum():,} requests have their TTFT and end recorded, and a live fit takes {LEAST_REQUESTS}: "
            "record for longer."
        )
    prompt = _prompt(timings, beside, usable, prior)
    step = _step(timings, beside, usable, prompt, prior)
    own = min(prompt.constant, step.coefficients[0])
    return Throughput(
        times=StepTimes(own, prompt.a1, prompt.a2, *step.coefficients, outside_ms=prompt.constant - own),
        source="live",
        detail=_sentence(timings, prompt, step, prior) + _sharing(behind),
        error_share=max(LEAST_ERROR, step.error),
        requests=step.requests,
        largest_batch=step.largest_batch,
    )


def _prompt(timings: Timings, beside: Surroundings, usable: Bools, prior: Throughput | None) -> _Prompt:
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(beside.ahead[rows], kind="stable")][:MOST_ROWS]
    ttft, new, span = timings.ttft_us[rows] / 1000, new_tokens(timings)[rows], spans(timings)[rows]
    one, load = np.ones(len(rows)), (beside.writing[rows], beside.cached_then[rows])
    if len(np.unique(new)) >= LEAST_LENGTHS:
        constant, a1, a2, *_ = at_quantile((one, new, span, *load), ttft, TAU)
        constant = _constant(ttft - a1 * new - a2 * span, beside.ahead[rows], constant)
        return _Prompt(constant, a1, a2, len(rows), found=True)
    if prior is None:
        raise NoThroughput(
            f"All recorded inputs have one of {len(np.unique(new))} lengths, and the time to read one token takes "
            f"{LEAST_LENGTHS} to be found: record traffic with inputs of different lengths."
        )
    a1, a2 = prior.times.a1, prior.times.a2
    rest = np.maximum(ttft - a1 * new - a2 * span, 0)
    constant = _constant(rest, beside.ahead[rows], at_quantile((one, *load), rest, TAU)[0])
    return _Prompt(constant, a1, a2, len(rows), found=False)


def _constant(rest: Floats, ahead: Floats, otherwise: float) -> float:
    """What a prompt alone takes besides its tokens: the median of the `rest` of TTFT with no request `ahead`.

    It has no queue in it, nor a step that served others. Where too few found the engine empty, `otherwise` has both.
    """
    alone = rest[ahead == 0]
    return max(0.0, float(np.median(alone))) if len(alone) >= LEAST_ALONE else otherwise


def _step(timings: Timings, beside: Surroundings, usable: Bools, prompt: _Prompt, prior: Throughput | None) -> _Step:
    rows = np.flatnonzero(usable & (timings.osl >= 2) & (timings.e2e_us > timings.ttft_us))
    if len(rows) < LEAST_REQUESTS:
        raise NoThroughput(
            f"Only {len(rows):,} requests have two tokens or more with their times, and a live fit takes "
            f"{LEAST_REQUESTS}: record for longer."
        )
    gaps = (timings.osl[rows] - 1).astype(np.float64)
    itl = (timings.e2e_us[rows] - timings.ttft_us[rows]) / 1000 / gaps
    reading = (prompt.a1 * beside.prompt_tokens[rows] + prompt.a2 * beside.spans[rows]) / gaps
    known = np.minimum(reading, 0.9 * itl)  # what an answer of few tokens cannot bear was waited for before them
    batch, kv_tokens = beside.batch[rows], beside.kv_tokens[rows]
    low, high = np.quantile(batch, (0.05, 0.95))
    found = bool(high >= LEAST_SPREAD * low)
    if found:
        made = fitting.decode(batch, kv_tokens, itl, gaps, known)
        b0, b1, b2 = made.coefficients
    elif prior is None:
        raise NoThroughput(
            f"Nearly all recorded requests ran beside {low - 1:.1f} to {high - 1:.1f} others, too narrow a range to "
            "tell what one more costs: record hours of different load."
        )
    else:
        b1, b2 = prior.times.b1, prior.times.b2
        made = fitting.fitted((np.ones_like(itl),), itl, gaps, np.minimum(known + b1 * batch + b2 * kv_tokens, itl))
        b0 = made.coefficients[0]
    error = _group_error(batch, itl * gaps, (b0 + b1 * batch + b2 * kv_tokens + known) * gaps)
    return _Step((b0, b1, b2), len(rows), float(batch.max()), made.condition, error, found)


def _group_error(batch: Floats, measured: Floats, said: Floats) -> float:
    """How far the time of all tokens is off, at worst, over ten groups of requests from low to high concurrency."""
    groups: list[Ints] = np.array_split(np.argsort(batch, kind="stable"), GROUPS)
    return max(abs(float(said[group].sum() / measured[group].sum()) - 1) for group in groups)


def _sharing(replicas: float) -> str:
    """That records do not tell replicas apart, as a sentence behind another; empty where they do."""
    if replicas <= 1:
        return ""
    return f" The records do not tell replicas apart: {replicas:g} share what was in flight at each address."


def _sentence(timings: Timings, prompt: _Prompt, step: _Step, prior: Throughput | None) -> str:
    taken = int(timings.counted.sum())
    sampled = "" if taken >= timings.requests else f", {taken:,} of them looked at,"
    behind = f"TTFT of {prompt.requests:,}, time between tokens of {step.requests:,}"
    at_once = f"with up to {step.largest_batch:.0f} at once"
    words = [
        f"Fitted to {timings.requests:,} recorded requests{sampled} ({behind}) {at_once}",
        f"off by at most {step.error * 100:.0f} % over ten levels of concurrency",
    ]
    borrowed = prior.source if prior is not None else ""
    if not prompt.found:
        words.append(f"the slope over input tokens from {borrowed}, as fewer than {LEAST_LENGTHS} lengths were seen")
    if not step.found:
        words.append(f"the slopes over concurrency from {borrowed}, as it hardly varied")
    elif step.condition > UNTOLD:
        words.append(f"requests and cached tokens are hardly told apart (condition {step.condition:.0f})")
    return "; ".join(words) + "."
