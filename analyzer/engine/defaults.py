"""What an engine runs with where nothing is said, by its version and the GPU's memory."""

import re
from dataclasses import dataclass, replace

from analyzer.engine.footprint import GIB, MIB, reckoned
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Model
from analyzer.engine.profile import EngineName, NumberFormat, ServingProfile

# The first release of vLLM that counts CUDA graphs within its memory share, and whose --gpu-memory-utilization became
# 0.92 instead of 0.9 for it where nothing is said (pull request 30515; documentation of 0.11 and of 0.26).
VLLM_092 = (0, 21)
# The first release of vLLM that runs its V1 engine, with chunked prefill and prefix caching, where nothing is said.
VLLM_V1 = (0, 8)


@dataclass(frozen=True, slots=True)
class Defaults:
    """The knobs of an engine that was told nothing."""

    max_num_seqs: int
    max_num_batched_tokens: int
    chunked_prefill: bool
    prefix_caching: bool
    gpu_memory_utilization: float


def complete(
    model: Model,
    gpu: Gpu,
    *,
    engine: EngineName = "vllm",
    engine_version: str | None = None,
    tp: int = 1,
    pp: int = 1,
    weights: NumberFormat | None = None,
    kv_cache: NumberFormat | None = None,
    max_model_len: int | None = None,
    max_num_seqs: int | None = None,
    max_num_batched_tokens: int | None = None,
    chunked_prefill: bool | None = None,
    prefix_caching: bool | None = None,
    gpu_memory_utilization: float | None = None,
    replicas: int = 1,
) -> ServingProfile:
    """A serving profile in which what is left out, or `None`, is the engine's default for this model and GPU.

    Weights are in the format they are published in, the KV cache is in bf16, and `max_model_len` stays `None`, the
    model's own limit.
    """
    default = defaults(engine, engine_version, gpu, tp * pp, max_model_len or model.max_positions)
    chunks = default.chunked_prefill if chunked_prefill is None else chunked_prefill
    caches = default.prefix_caching if prefix_caching is None else prefix_caching
    made = ServingProfile(
        model.name, gpu.name, tp, pp, engine, engine_version, weights or model.native_weights, kv_cache or "bf16",
        max_model_len, max_num_seqs or default.max_num_seqs, max_num_batched_tokens or default.max_num_batched_tokens,
        chunks, caches, gpu_memory_utilization or default.gpu_memory_utilization, replicas,
    )  # fmt: skip
    if engine == "sglang" and max_num_seqs is None:
        return replace(made, max_num_seqs=_running_requests(made, model, gpu))
    return made


def defaults(engine: EngineName, version: str | None, gpu: Gpu, gpus: int, max_model_len: int) -> Defaults:
    """What `engine` sets for one replica of `gpus` GPUs; a `version` of `None` is its newest one.

    Of vLLM what its API server sets (`EngineArgs.get_batch_defaults`); NIM is vLLM since 2.0; of SGLang what
    `server_args.py` makes of the memory; of TensorRT-LLM the LLM API's arguments.
    """
    if engine == "trtllm":
        return Defaults(2048, 8192, chunked_prefill=False, prefix_caching=True, gpu_memory_utilization=0.9)
    if engine == "sglang":
        return _sglang(gpu, gpus)
    return _vllm(version if engine == "vllm" else None, gpu, max_model_len)


def _vllm(version: str | None, gpu: Gpu, max_model_len: int) -> Defaults:
    numbers = _numbers(version)
    if numbers is not None and numbers < VLLM_V1:
        return Defaults(
            256, max(2048, max_model_len), chunked_prefill=False, prefix_caching=False, gpu_memory_utilization=0.9
        )
    large = gpu.memory_bytes >= 70 * GIB and not gpu.name.startswith("a100")
    share = 0.92 if numbers is None or numbers >= VLLM_092 else 0.9
    return Defaults(1024 if large else 256, 8192 if large else 2048, True, True, share)  # noqa: FBT003 # as named above


def _sglang(gpu: Gpu, gpus: int) -> Defaults:
    """Prefill chunks, CUDA graphs and what both leave of the memory, by its size."""
    megabytes = gpu.memory_bytes / MIB
    gigabytes = megabytes / 1024
    tiers = ((20, 2048, 8, 8), (35, 2048, 24, 80), (60, 4096, 32, 160), (160, 8192, 256, 512), (1e9, 16384, 512, 512))
    _, chunk, small, large = next(tier for tier in tiers if gigabytes < tier[0])
    kept = 512 + 1.5 * chunk + 2 * (small if gpus < 4 else large) + gpus / 8 * 1024
    if gigabytes >= 60:
        kept = max(kept, 10 * 1024)
    return Defaults(2048, chunk, True, True, round((megabytes - kept) / megabytes, 3))  # noqa: FBT003 # as named above


def _running_requests(profile: ServingProfile, model: Model, gpu: Gpu) -> int:
    """SGLang's --max-running-requests: 512 for each longest context that the cache holds, within 2048 and 4096."""
    pool = reckoned(profile, model, gpu).pool_tokens
    return min(max(int(pool / (profile.max_model_len or model.max_positions) * 512), 2048), 4096)


def _numbers(version: str | None) -> tuple[int, int] | None:
    """Major and minor number of a version, `None` where it names none."""
    found = re.match(r"v?(\d+)\.(\d+)", version or "")
    return None if found is None else (int(found.group(1)), int(found.group(2)))
