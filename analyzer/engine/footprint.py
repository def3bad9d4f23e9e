"""What of a GPU's memory goes where, and how many tokens the rest of it keeps."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from analyzer.engine.formats import KV_BYTES, weight_bytes
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Model
from analyzer.engine.profile import NumberFormat, ServingProfile

MIB = 1 << 20
GIB = 1 << 30
# What NVIDIA's AIConfigurator 0.12 reckons with: half the bytes of activations for each token of a step and each unit
# of width, by tensor-parallel size and twice as many with experts; the least that activations take; what CUDA, cuBLAS
# and graphs take, a reserve included; and NCCL's buffers. It also says that 3.5 GiB are too much on small GPUs, and so
# does vLLM's log of an 8B model on 24 GB: under 80 GiB the reserve here is the same share of what a GPU is sold with.
ACTIVATIONS: Mapping[int, float] = {1: 11, 2: 6.5, 4: 5, 8: 5}
LEAST_ACTIVATIONS = 70 * MIB
RUNTIME = 3.5 * GIB
RUNTIME_OF = 80 * GIB
COMMUNICATION: Mapping[int, int] = {1: 0, 2: 342 * MIB, 4: 392 * MIB, 8: 392 * MIB}


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of one GPU of a replica, in bytes.

    `kv_bytes` is what is left for the KV cache, less than 0 where the rest alone is too large. One token takes
    `kv_bytes_per_token` of it, of which `window_bytes_per_token` only while it is among the last `window` ones; a
    sequence takes `state_bytes` besides. `pool_tokens` is how many tokens the cache holds where no window is made use
    of, or what the engine itself told (`told`), which goes before any reckoning.
    """

    gpu_bytes: int
    weights_bytes: float
    activation_bytes: float
    runtime_bytes: float
    communication_bytes: float
    kv_bytes: float
    kv_bytes_per_token: float
    window_bytes_per_token: float
    window: int | None
    state_bytes: float
    pool_tokens: int
    told: bool = False

    def request_bytes(self, context: float) -> float:
        """What a request with `context` tokens in the cache takes on one GPU."""
        lasting = (self.kv_bytes_per_token - self.window_bytes_per_token) * context
        windowed = self.window_bytes_per_token * min(context, self.window or context)
        return lasting + windowed + self.state_bytes

    def tokens_at(self, context: float) -> int:
        """How many tokens the cache holds where requests have `context` tokens in it, windows and states counted.

        Where the engine told its figure, that one: it counts windows itself.
        """
        if self.told or context <= 0:
            return self.pool_tokens
        return max(int(self.kv_bytes / self.request_bytes(context) * context), 0)


def reckoned(profile: ServingProfile, model: Model, gpu: Gpu, told_pool_tokens: int | None = None) -> Memory:
    """What goes where on one GPU, whether it fits or not.

    Weights are split evenly over `tp` · `pp` GPUs and layers over `pp` stages. vLLM and NIM take a share of all memory
    for everything; SGLang a share for weights and cache, and the rest must do for what else there is; TensorRT-LLM
    a share of what is free once all else is loaded. `told_pool_tokens` is what the engine says that it holds.
    """
    weights = weight_bytes(model, profile.weights) / profile.gpus_per_replica
    activations = activation_bytes(model, profile.max_num_batched_tokens, profile.tp)
    communication = COMMUNICATION[_counted_tp(profile.tp)]
    runtime = min(RUNTIME, RUNTIME * gpu.nominal_bytes / RUNTIME_OF)
    free = gpu.memory_bytes - weights - activations - runtime - communication
    share = profile.gpu_memory_utilization
    if profile.engine == "trtllm":
        left = share * free
    elif profile.engine == "sglang":
        left = min(share * gpu.memory_bytes - weights, free)
    else:
        left = free - (1 - share) * gpu.memory_bytes
    full, windowed = kv_bytes_per_token(model, profile.kv_cache, profile.tp, profile.pp)
    per_token = full + windowed
    pool = max(int(left / per_token), 0) if per_token else 0
    return Memory(
        gpu_bytes=gpu.memory_bytes,
        weights_bytes=weights,
        activation_bytes=activations,
        runtime_bytes=runtime,
        communication_bytes=communication,
        kv_bytes=left,
        kv_bytes_per_token=per_token,
        window_bytes_per_token=windowed,
        window=model.window,
        state_bytes=model.state_bytes / profile.gpus_per_replica,
        pool_tokens=pool if told_pool_tokens is None else told_pool_tokens,
        told=told_pool_tokens is not None,
    )


def activation_bytes(model: Model, tokens: int, tp: int) -> float:
    """Bytes of activations of a step of `tokens` tokens on one GPU: 22 · 4096 for each of an 8B model on one GPU.

    The width is that of the residual stream or of all heads together, whichever is more.
    """
    width = max(model.hidden, model.heads * model.head_size)
    by_width = 2 * ACTIVATIONS[_counted_tp(tp)] * (1 if model.experts is None else 2)
    return max(by_width * width * tokens, float(LEAST_ACTIVATIONS))


def kv_bytes_per_token(model: Model, kv_cache: NumberFormat, tp: int = 1, pp: int = 1) -> tuple[float, float]:
    """Bytes of one token in the cache of one GPU: of layers that keep it, and of those that keep a window.

    2 · KV heads · head size · bytes of a number in each layer; heads are split over `tp` and copied where there are
    fewer than GPUs. A latent attention keeps one vector, which every GPU has.
    """
    if model.latent is not None:
        layer = float(model.latent.kv_rank + model.latent.rope_size)
    else:
        layer = 2.0 * ceil(model.kv_heads / min(tp, model.kv_heads)) * model.head_size
    each = layer * KV_BYTES[kv_cache] * ceil(model.layers / pp) / model.layers
    return (model.attention_layers - model.windowed_layers) * each, model.windowed_layers * each


def _counted_tp(tp: int) -> int:
    """The largest tensor-parallel size with figures that is not above `tp`."""
    return max(each for each in ACTIVATIONS if each <= tp)
