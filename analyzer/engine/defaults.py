"""What an engine runs with where nothing is said, by its version and the GPU's memory."""

import re
from dataclasses import dataclass, replace

from analyzer.engine.footprint import GIB, MIB, reckoned
from analyzer.engine.gpus import Gpu
from analyzer.engine.models import Model
from analyzer.engine.profile import EngineName, NumberFormat, ServingProfile

# Read in the packages of vLLM 0.8.5, 0.9.0, 0.10.0, 0.19.1, 0.20.0, 0.20.2, 0.21.0, 0.27.1, 0.28.0, 0.29.0, 0.30.0 and
# 0.33.0 and of SGLang 0.5.6, 0.5.14 and 0.5.18 to 0.5.23. The first releases of vLLM that
# - run the V1 engine, with chunked prefill and prefix caching, where nothing is said;
VLLM_V1 = (0, 8)
# - take less at once on an A100 of 80 GB (pull request 17885);
VLLM_A100 = (0, 9)
# - count CUDA graphs within their memory share, and so take 0.92 instead of 0.9 of it (pull request 30515; the log says
#   "default since v0.21.0", but 0.20.0 already does);
VLLM_092 = (0, 20)
# - read more at once from 160 GiB on;
VLLM_LARGEST = (0, 28)
# - decide on a step while the one before it runs (0.13.0 did if told to).
VLLM_ASYNC = (0, 14)
# The first releases of SGLang that keep memory free for CUDA graphs of the prefill, and that read twice as much at once
# on 20 to 35 GiB.
SGLANG_PREFILL_GRAPHS = (0, 5, 14)
SGLANG_24_GB = (0, 5, 20)


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
    async_scheduling: bool | None = None,
    gpu_memory_utilization: float | None = None,
    replicas: int = 1,
) -> ServingProfile:
    """A serving profile in which what is left out, or `None`, is the engine's default for this model and GPU.

    Weights are in the format they are published in, the KV cache is in bf16, and `max_model_len` stays `None`, the
    model's own limit.
    """
    default = defaults(engine, engine_version, gpu, tp, pp, max_model_len or model.max_positions)
    chunks = default.chunked_prefill if chunked_prefill is None else chunked_prefill
    caches = default.prefix_caching if prefix_caching is None else prefix_caching
    ahead = schedules_ahead(engine, engine_version, pp) if async_scheduling is None else async_scheduling
    made = ServingProfile(
        model.name, gpu.name, tp, pp, engine, engine_version, weights or model.native_weights, kv_cache or "bf16",
        max_model_len, max_num_seqs or default.max_num_seqs, max_num_batched_tokens or default.max_num_batched_tokens,
        chunks, caches, ahead, gpu_memory_utilization or default.gpu_memory_utilization, replicas,
    )  # fmt: skip
    if engine == "sglang" and max_num_seqs is None:
        return replace(made, max_num_seqs=_running_requests(made, model, gpu))
    return made


def defaults(engine: EngineName, version: str | None, gpu: Gpu, tp: int, pp: int, max_model_len: int) -> Defaults:
    """What `engine` sets for one replica of `tp` · `pp` GPUs; a `version` of `None` is its newest one.

    Of vLLM what its API server sets (`EngineArgs.get_batch_defaults`); NIM is vLLM since 2.0; of SGLang what its
    `server_args` make of the memory; of TensorRT-LLM the LLM API's arguments.
    """
    if engine == "trtllm":
        return Defaults(2048, 8192, chunked_prefill=False, prefix_caching=True, gpu_memory_utilization=0.9)
    if engine == "sglang":
        return _sglang(version, gpu, tp, pp)
    return _vllm(version if engine == "vllm" else None, gpu, max_model_len)


def schedules_ahead(engine: EngineName, version: str | None, pp: int = 1) -> bool:
    """Whether an engine decides on a step while the one before it runs, unless told otherwise: all do by now.

    vLLM's `async_scheduling`, SGLang's overlap schedule, which goes with no pipeline (`pp` over 1), and TensorRT-LLM's
    overlap scheduler.
    """
    if engine == "sglang":
        return pp == 1
    return engine != "vllm" or _since(version, VLLM_ASYNC)


def _vllm(version: str | None, gpu: Gpu, max_model_len: int) -> Defaults:
    if not _since(version, VLLM_V1):
        return Defaults(
            256, max(2048, max_model_len), chunked_prefill=False, prefix_caching=False, gpu_memory_utilization=0.9
        )
    spared = gpu.name.startswith("a100") and _since(version, VLLM_A100)
    large = gpu.memory_bytes >= 70 * GIB and not spared
    tokens = 8192 if large else 2048
    if gpu.memory_bytes >= 160 * GIB and _since(version, VLLM_LARGEST):
        tokens = 16384
    share = 0.92 if _since(version, VLLM_092) else 0.9
    return Defaults(1024 if large else 256, tokens, True, True, share)  # noqa: FBT003 # as named above


def _sglang(version: str | None, gpu: Gpu, tp: int, pp: int) -> Defaults:
    """Prefill chunks, CUDA graphs and what both leave of the memory, by its size.

    Graphs of the prefill are there on NVIDIA's GPUs and without a pipeline; those of models with a latent attention
    take another 1 GiB, which is not reckoned.
    """
    megabytes = gpu.memory_bytes / MIB
    gigabytes = megabytes / 1024
    small = (35, 4096, 48, 160) if _since(version, SGLANG_24_GB) else (35, 2048, 24, 80)
    tiers = ((20, 2048, 8, 8), small, (60, 4096, 32, 160), (160, 8192, 256, 512), (1e9, 16384, 512, 512))
    _, chunk, few, many = next(tier for tier in tiers if gigabytes < tier[0])
    kept = 512 + 1.5 * chunk + 2 * (few if tp < 4 else many) + tp * pp / 8 * 1024
    if pp == 1 and not gpu.name.startswith("mi") and _since(version, SGLANG_PREFILL_GRAPHS):
        kept += 8 * _prefill_graphs(chunk)
    if gigabytes > 60:
        kept = max(kept, 10 * 1024)
    return Defaults(2048, chunk, True, True, round((megabytes - kept) / megabytes, 3))  # noqa: FBT003 # as named above


def _prefill_graphs(chunk: int) -> float:
    """How many sizes of prefill SGLang captures: 38 to 1024 tokens, then one each 256 to 4096, then one each 512."""
    return 38 + (min(chunk, 4096) - 1024) / 256 + max(chunk - 4096, 0) / 512


def _running_requests(profile: ServingProfile, model: Model, gpu: Gpu) -> int:
    """SGLang's --max-running-requests: 512 for each longest context that the cache holds, within 2048 and 4096.

    No more than one for two tokens of the cache; a model that does not fit is told of by `memory`.
    """
    pool = reckoned(profile, model, gpu).pool_tokens
    wanted = min(max(int(pool / (profile.max_model_len or model.max_positions) * 512), 2048), 4096)
    return min(wanted, pool // 2) if pool > 1 else wanted


def _since(version: str | None, release: tuple[int, ...]) -> bool:
    """Whether `version` is `release` or later; one that names no numbers is the newest."""
    found = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version or "")
    return found is None or tuple(int(part or 0) for part in found.groups()) >= release
