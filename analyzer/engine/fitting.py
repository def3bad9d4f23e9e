"""Whether a model fits into the memory of its GPUs, what its scheduler keeps to then, and what would fit else."""

from collections.abc import Iterator
from dataclasses import replace

from analyzer.engine.catalogue import gpu as gpu_named
from analyzer.engine.catalogue import gpu_names
from analyzer.engine.footprint import GIB, Memory, reckoned
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Model
from analyzer.engine.parallel import TENSOR_PARALLEL, refusal
from analyzer.engine.profile import EngineLimits, ServingProfile
from analyzer.errors import DoesNotFit

TYPICAL_CONTEXT = 2048


def memory(profile: ServingProfile, model: Model, gpu: Gpu, told_pool_tokens: int | None = None) -> Memory:
    """The memory of one GPU of the profile's replica; `told_pool_tokens` is the engine's own figure, if known.

    Raises `DoesNotFit` where nothing is left for the KV cache, with what is missing and what would fit.
    """
    made = reckoned(profile, model, gpu, told_pool_tokens)
    if made.told or made.pool_tokens > 0:
        return made
    missing = max(-made.kv_bytes, 0) / GIB
    raise DoesNotFit(
        f"{model.name} in {profile.weights} does not fit {gpu.name} with tp {profile.tp} and pp {profile.pp}: each GPU "
        f"needs {made.weights_bytes / GIB:,.1f} GiB for weights and {_rest(made) / GIB:,.1f} GiB besides, and "
        f"{missing:,.1f} GiB are missing before the first token is kept: {_fitting(profile, model, gpu)}."
    )


def limits(profile: ServingProfile, memory: Memory, model: Model, context: float | None = None) -> EngineLimits:
    """What the scheduler of one replica keeps to.

    `context` is how many tokens a request has in the cache on average, as far as it is known: with it the pool counts
    what windows and states save or take. A profile without `max_model_len` has the model's own limit, or what the pool
    holds if that is less. Raises `DoesNotFit` where one request of `max_model_len` tokens would not fit the cache: the
    engine does not start then.
    """
    pool = memory.pool_tokens if context is None else memory.tokens_at(context)
    longest = profile.max_model_len or model.max_positions
    holds = max(memory.tokens_at(longest), memory.pool_tokens)
    if profile.max_model_len is not None and holds < longest:
        raise DoesNotFit(
            f"A request of max_model_len = {longest:,} tokens does not fit the KV cache of {profile.model} on "
            f"{profile.gpu}, which holds {holds:,}: lower max_model_len to that, or use more or larger GPUs."
        )
    return EngineLimits(
        max_num_seqs=profile.max_num_seqs,
        max_num_batched_tokens=profile.max_num_batched_tokens,
        chunked_prefill=profile.chunked_prefill,
        kv_pool_tokens=pool,
        max_model_len=min(longest, holds),
        admission="reserved" if profile.engine == "trtllm" else "as_used",
        prefix_caching=profile.prefix_caching,
        async_scheduling=profile.async_scheduling,
    )


def _rest(made: Memory) -> float:
    return made.activation_bytes + made.runtime_bytes + made.communication_bytes


def _fitting(profile: ServingProfile, model: Model, gpu: Gpu) -> str:
    """The nearest profile of each kind that serves requests of a usual length, as the end of a sentence."""
    context = min(profile.max_model_len or TYPICAL_CONTEXT, TYPICAL_CONTEXT)
    fits = []
    for kind in (_wider(profile, gpu), _smaller(profile, gpu), _larger(profile, gpu)):
        fits += [said for said, other, on in kind if refusal(other, model, on, context) is None][:1]
    if not fits:
        return "no GPU that is known holds it on one node, so use more pp over more nodes"
    return f"{' or '.join(fits)} would do"


def _wider(profile: ServingProfile, gpu: Gpu) -> Iterator[tuple[str, ServingProfile, Gpu]]:
    """The same on more GPUs."""
    for tp in TENSOR_PARALLEL:
        if tp > profile.tp:
            yield f"tp {tp}", replace(profile, tp=tp), gpu


def _smaller(profile: ServingProfile, gpu: Gpu) -> Iterator[tuple[str, ServingProfile, Gpu]]:
    """The same with smaller weights."""
    if profile.weights == "bf16":
        yield "weights in fp8", replace(profile, weights="fp8"), gpu
    if profile.weights != "nvfp4" and "nvfp4" in gpu.flops:
        yield "weights in nvfp4", replace(profile, weights="nvfp4"), gpu


def _larger(profile: ServingProfile, gpu: Gpu) -> Iterator[tuple[str, ServingProfile, Gpu]]:
    """The same on larger GPUs, then on whole nodes of them."""
    known = map(gpu_named, gpu_names())
    larger = sorted((each for each in known if each.memory_bytes > gpu.memory_bytes), key=lambda one: one.memory_bytes)
    for each in larger:
        yield each.name, profile, each
    for each in larger:
        yield f"tp {each.gpus_per_node} on {each.name}", replace(profile, tp=each.gpus_per_node), each
