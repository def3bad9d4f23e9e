"""Questions about Llama-3.1-8B on H100, answered with the step times that NVIDIA's tables give for it."""

from dataclasses import replace

from analyzer import engine
from analyzer.advise.prices import ApiPrice, GpuPrice, Prices
from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Gpus, Judged, judge
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.question import Sizing, candidates
from analyzer.advise.sizing.search import Engine
from analyzer.engine import EngineLimits, ServingProfile, StepTimes, Throughput

# The fit to NVIDIA's tables of 8B on one H100 (bf16): prefill within 11 %, decode within 4.5 %.
TABLES = StepTimes(4.44, 0.01863, 6.2e-7, 6.63, 0.0074, 4.27e-5)
# 448,675 tokens: 54.77 GiB of cache at 128 KiB a token.
H100 = Engine(EngineLimits(1024, 8192, True, 448_675, 131_072), TABLES)  # chunked prefill
WITHIN = Objectives(ttft_ms=500, percentile=95)
PRICES = Prices(
    "USD",
    (GpuPrice("h100-sxm", "on_demand", 3.0, "a page"), GpuPrice("h100-sxm", "reserved", 2.0, "a page")),
    (ApiPrice("an API", ("meta-llama/Llama-3.1-8B-Instruct",), 0.2, 0.6, "their page"),),
)


def times(profile: ServingProfile) -> Throughput:
    """The tables on one GPU; on more the work is shared, and each step takes 3 ms more to bring its parts together."""
    shared = {name: getattr(TABLES, name) / profile.tp for name in ("a1", "a2", "b1", "b2")}
    together = 0.0 if profile.tp == 1 else 3.0
    own = replace(TABLES, **shared, a0=TABLES.a0 + together, b0=3 + 3.63 / profile.tp + together)
    return Throughput(own, "aiconfigurator", "NVIDIA's tables.", 0.3)


def question(objectives: Objectives = WITHIN, gpu: str = "h100", model: str = "Llama-3.1-8B-Instruct") -> Sizing:
    """The question with the knobs left to choose."""
    return Sizing(engine.model(model), engine.gpu(gpu), objectives, times, PRICES)


def fixed(**knobs: object) -> Sizing:
    """The same with a profile that is kept."""
    asked = question()
    profile = engine.complete(asked.model, asked.gpu, **knobs)  # type: ignore[arg-type]
    return replace(asked, fixed=profile)


def one_gpu(_: Judged) -> Gpus:
    """A load that takes one GPU of whatever is tried."""
    return Gpus(1, 1)


def first_judged(mix: Mix) -> Judged:
    """The first candidate for `mix` with what it carries."""
    able, _ = candidates(question(), mix.context)
    return judge(able[0], question(), mix)
