"""Records of simulated engines at moderate load, and how far a fit to them is off at twice and four times that."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from analyzer.engine import EngineLimits, ServingProfile, StepTimes, Throughput, complete, gpu, model
from analyzer.throughput import carried, fitting, live, roofline
from analyzer.throughput.mix import Mix
from analyzer.throughput.quantile import at_quantile
from analyzer.throughput.sweeps import kernels
from analyzer.throughput.timings import Timings, new_tokens, spans, surroundings
from tests.fakes.replayed import recorded, rising, simulated
from tests.fakes.served import poisson

TABLES = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5, outside_ms=3.0)
SWEEP = StepTimes(4.94, 0.0253, 4.42e-7, 7.12, 0, 4.25e-5, m0=2.69, outside_ms=14.7, overlap_ms=4.87)
OUTSIDE = 3.0
LENGTHS = ((2000, 200), (200, 64), (250, 800), (1000, 300))
SETTINGS = {
    "prompts in pieces, 8,192 tokens a step": EngineLimits(1024, 8192, True, 3_000_000, 131_072),
    "prompts in pieces, 2,048 tokens a step": EngineLimits(1024, 2048, True, 3_000_000, 131_072),
    "prompts whole": EngineLimits(1024, 8192, False, 3_000_000, 131_072),
}
AT_ONCE = 32  # how many the load of the busy three quarters keeps running by the closed form
LEAST, MOST = 1500, 6000
TIMES = (1, 2, 4)


@dataclass(frozen=True)
class Engine:
    """An engine with known step times, and the profile that a user would have of it."""

    name: str
    times: StepTimes
    profile: ServingProfile


@dataclass(frozen=True)
class Asked:
    """How far a fit is off: requests/s at 1, 2 and 4 times the largest batch of its records, as shares of the truth;

    and in a replay of twice the rate the mean time between tokens and the median TTFT.
    """

    error_share: float
    largest: float
    carried: tuple[float, ...]
    itl: float
    ttft: float


def engines() -> tuple[Engine, ...]:
    """Rooflines of four models on four GPUs, and of an 8B on an H100 what NVIDIA's tables and a measured sweep say."""
    eight = _profile("meta-llama/Llama-3.1-8B-Instruct", "h100")
    others = (
        ("roofline, Llama-3.1-8B on an H100", eight),
        ("roofline, Llama-3.1-8B on an L40S", _profile("meta-llama/Llama-3.1-8B-Instruct", "l40s")),
        ("roofline, Llama-3.1-70B on 4 H100", _profile("meta-llama/Llama-3.1-70B-Instruct", "h100", 4)),
        ("roofline, Qwen3-32B on 2 H200", _profile("Qwen/Qwen3-32B", "h200", 2)),
        ("roofline, Qwen3-30B-A3B on an H100", _profile("Qwen/Qwen3-30B-A3B", "h100")),
    )
    return (
        Engine("NVIDIA's tables, Llama-3.1-8B on an H100", TABLES, eight),
        Engine("the measured sweep, Llama-3.1-8B on an H100", SWEEP, eight),
        Engine("the same without m0", replace(SWEEP, m0=0.0, outside_ms=OUTSIDE), eight),
        *(Engine(name, replace(_roofline(each).times, outside_ms=OUTSIDE), each) for name, each in others),
    )


def records(engine: Engine, lengths: tuple[int, int], limits: EngineLimits) -> tuple[Timings, float]:
    """What it would have recorded, a quiet quarter before the busy rest, and the rate of that rest."""
    rate = carried(engine.times, _mix(lengths), AT_ONCE).rps
    jobs = rising(poisson(rate, max(LEAST, int(60 * rate)), means=lengths))[:MOST]
    return recorded(jobs, engine.times, limits=limits), rate


def fitted(engine: Engine, seen: Timings, limits: EngineLimits) -> Throughput:
    """As the analyzer fits them, with what it knows of model and GPU."""
    profile = engine.profile
    budget = limits.max_num_batched_tokens if limits.chunked_prefill else None
    known = kernels(profile, model(profile.model), gpu(profile.gpu))
    return live.fit(seen, _roofline(profile), kernels=known, budget=budget)


def plain(seen: Timings) -> StepTimes:
    """The three and three parameters of SIZING 4.2: TTFT by a lower quantile, tokens without m0 and overlap."""
    beside, new, span, one = surroundings(seen), new_tokens(seen), spans(seen), np.ones(len(seen))
    rows = np.argsort(beside.ahead, kind="stable")[:2000]
    columns = (one, new, span, beside.writing, beside.cached_then)
    constant, a1, a2, *_ = at_quantile([each[rows] for each in columns], seen.ttft_us[rows] / 1000, 0.10)
    many = (seen.osl >= 2) & (seen.e2e_us > seen.ttft_us)
    gaps = (seen.osl - 1.0)[many]
    itl = (seen.e2e_us - seen.ttft_us)[many] / 1000 / gaps
    reading = np.minimum((a1 * beside.prompt_tokens + a2 * beside.spans)[many] / gaps, 0.9 * itl)
    b0, b1, b2 = fitting.decode(beside.batch[many], beside.kv_tokens[many], itl, gaps, reading).coefficients
    own = min(constant, b0)
    return StepTimes(own, a1, a2, b0, b1, b2, outside_ms=constant - own)


def asked(
    engine: Engine,
    lengths: tuple[int, int],
    limits: EngineLimits,
    rate: float,
    found: StepTimes,
    share: float,
    seen: int,
) -> Asked:
    """What `found` says of more than was seen, beside the truth; `seen` requests at once are the most that was."""
    mix, true = _mix(lengths), engine.times
    other = poisson(2 * rate, 3000, seed=7, means=lengths)
    truth, said = simulated(other, true, limits), simulated(other, found, limits)
    return Asked(
        error_share=share,
        largest=seen,
        carried=tuple(carried(found, mix, n * seen).rps / carried(true, mix, n * seen).rps - 1 for n in TIMES),
        itl=float(np.nanmean(said.itl_ms) / np.nanmean(truth.itl_ms)) - 1,
        ttft=float(np.median(said.ttft_ms) / np.median(truth.ttft_ms)) - 1,
    )


def both(engine: Engine, lengths: tuple[int, int], limits: EngineLimits) -> tuple[Asked, Asked]:
    """The plain form and what the analyzer fits, asked the same."""
    seen, rate = records(engine, lengths, limits)
    found = fitted(engine, seen, limits)
    largest = round(found.largest_batch or 1)
    shares = (plain(seen), found.times)
    before, after = (asked(engine, lengths, limits, rate, each, found.error_share, largest) for each in shares)
    return before, after


def everything() -> Iterator[tuple[str, str, tuple[int, int], Asked, Asked]]:
    """Every engine with every setting and mix of lengths: names, lengths, the plain form and the fit."""
    for setting, limits in SETTINGS.items():
        for engine in engines():
            for lengths in LENGTHS:
                yield (setting, engine.name, lengths, *both(engine, lengths, limits))


def _profile(name: str, card: str, tp: int = 1) -> ServingProfile:
    return complete(model(name), gpu(card), engine="vllm", tp=tp, weights="bf16", max_model_len=16_384)


def _roofline(profile: ServingProfile) -> Throughput:
    return roofline(profile, model(profile.model), gpu(profile.gpu))


def _mix(lengths: tuple[int, int]) -> Mix:
    jobs = np.array([(isl, osl) for _, isl, osl in poisson(1, 3000, means=lengths)])
    return Mix.of(jobs[:, 0], jobs[:, 1])
