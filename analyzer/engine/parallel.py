"""Over how many GPUs a replica can be split, and why not over others."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from analyzer.engine.defaults import complete, defaults
from analyzer.engine.footprint import GIB, Memory, reckoned
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Model
from analyzer.engine.profile import EngineName, NumberFormat, ServingProfile

TENSOR_PARALLEL = (1, 2, 4, 8)
PIPELINE_PARALLEL = (2, 4, 8)
# What trtllm-bench warns of: weights over three quarters of the memory, a cache of less than 10 GiB on a GPU (here: an
# eighth of the memory where that is less, which is the same on 80 GiB), and less than 32 requests at once.
LARGEST_WEIGHTS = 0.75
LEAST_CACHE = 10 * GIB
LEAST_REQUESTS = 32


@dataclass(frozen=True, slots=True)
class ParallelChoice:
    """One way to split a replica; `refused` is the sentence that says why it is none, `None` where it is one."""

    tp: int
    pp: int
    memory: Memory
    refused: str | None


def parallel_choices(
    model: Model,
    gpu: Gpu,
    weights: NumberFormat | None = None,
    kv_cache: NumberFormat | None = None,
    engine: EngineName = "vllm",
    context: float = 4096,
) -> tuple[ParallelChoice, ...]:
    """Every way to split a replica of `model`, fewest GPUs first, the refused ones with their reasons.

    A tensor-parallel group never spans nodes, nor more than two GPUs without NVLink. Pipelines come only where no
    group on one node holds the model. `context` is how many tokens a request has in the cache on average.
    """
    profile = complete(model, gpu, engine=engine, weights=weights, kv_cache=kv_cache)
    flat = tuple(_choice(profile, model, gpu, context, tp, 1) for tp in TENSOR_PARALLEL)
    if any(each.refused is None for each in flat):
        return flat
    return flat + tuple(_pipelines(profile, model, gpu, context))


def possible(choices: tuple[ParallelChoice, ...]) -> tuple[ParallelChoice, ...]:
    """The choices that are not refused."""
    return tuple(each for each in choices if each.refused is None)


def refusal(profile: ServingProfile, model: Model, gpu: Gpu, context: float) -> str | None:
    """Why the replica of `profile` is no way to serve requests of `context` tokens, `None` where it is one."""
    small = _too_small(reckoned(profile, model, gpu), gpu, context, profile.tp, profile.pp)
    return unsplit(model, gpu, profile.tp) or small


def _pipelines(profile: ServingProfile, model: Model, gpu: Gpu, context: float) -> Iterator[ParallelChoice]:
    """Pipelines of the widest group that can be, up to the first that holds the model."""
    widest = max((tp for tp in TENSOR_PARALLEL if unsplit(model, gpu, tp) is None), default=1)
    for pp in PIPELINE_PARALLEL:
        made = _choice(profile, model, gpu, context, widest, pp)
        yield made
        if made.refused is None:
            return


def _choice(profile: ServingProfile, model: Model, gpu: Gpu, context: float, tp: int, pp: int) -> ParallelChoice:
    share = defaults(profile.engine, profile.engine_version, gpu, tp, pp, model.max_positions).gpu_memory_utilization
    split = replace(profile, tp=tp, pp=pp, gpu_memory_utilization=share)
    return ParallelChoice(tp, pp, reckoned(split, model, gpu), refusal(split, model, gpu, context))


def unsplit(model: Model, gpu: Gpu, tp: int) -> str | None:
    """Why no group of `tp` GPUs is to be made, whatever fits, as a sentence; `None` where one can be."""
    if tp > gpu.gpus_per_node:
        return f"tp {tp} would span nodes: a node has {gpu.gpus_per_node} {gpu.name}."
    if tp > 2 and not gpu.nvlink:
        return f"tp {tp} needs NVLink, which {gpu.name} lacks: over PCIe the GPUs would mostly wait for each other."
    if model.heads % tp:
        return f"tp {tp} does not divide the {model.heads} attention heads of {model.name}."
    if model.latent is None and max(model.kv_heads, tp) % min(model.kv_heads, tp):
        return f"tp {tp} and the {model.kv_heads} KV heads of {model.name} do not divide each other."
    return None


def _too_small(memory: Memory, gpu: Gpu, context: float, tp: int, pp: int) -> str | None:
    """Why `tp` · `pp` GPUs do not hold the model."""
    of = f"tp {tp}" if pp == 1 else f"tp {tp} with pp {pp}"
    if memory.weights_bytes > LARGEST_WEIGHTS * gpu.memory_bytes:
        return (
            f"{of} puts {memory.weights_bytes / GIB:,.1f} GiB of weights on each GPU, over three quarters of its "
            f"{gpu.memory_bytes / GIB:,.1f} GiB."
        )
    least = min(LEAST_CACHE, gpu.memory_bytes / 8)
    if memory.kv_bytes < least:
        return (
            f"{of} leaves {max(memory.kv_bytes, 0) / GIB:,.1f} GiB of each GPU for the KV cache, less than the "
            f"{least / GIB:,.1f} GiB that serving takes."
        )
    if memory.kv_bytes < LEAST_REQUESTS * memory.request_bytes(context):
        held = int(memory.kv_bytes / memory.request_bytes(context))
        return f"{of} holds {held} requests of {context:,.0f} tokens at once, less than {LEAST_REQUESTS}."
    return None
