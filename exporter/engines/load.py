"""An engine's own metrics page, in the few figures that all engines have in common."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

PATHS: Final = ("/metrics", "/prometheus/metrics", "/v1/metrics")
"""Where engines have their page: vLLM, SGLang and Triton; trtllm-serve; NIM."""

# The names of vLLM 0.32 and before, SGLang, trtllm-serve, NIM for LLMs, and Triton with its TensorRT-LLM backend.
_RUNNING: Final = {
    "vllm:num_requests_running": {},
    "sglang:num_running_reqs": {},
    "trtllm_num_requests_running": {},
    "num_requests_running": {},
    "nv_trt_llm_request_metrics": {"request_type": "scheduled"},
}
_WAITING: Final = {
    "vllm:num_requests_waiting": {},
    "sglang:num_queue_reqs": {},
    "trtllm_num_requests_waiting": {},
    "num_requests_waiting": {},
    "nv_trt_llm_request_metrics": {"request_type": "waiting"},
    "nv_inference_pending_request_count": {},
}
_KV_USAGE: Final = {
    "vllm:kv_cache_usage_perc": {},
    "vllm:gpu_cache_usage_perc": {},
    "sglang:token_usage": {},
    "trtllm_kv_cache_utilization": {},
    "gpu_cache_usage_perc": {},
    "nv_trt_llm_kv_cache_block_metrics": {"kv_cache_block_type": "fraction"},
}
_KV_SIZE: Final = (
    "vllm:cache_config_info",
    "sglang:max_total_num_tokens",
    "trtllm_kv_cache_max_blocks",
    "trtllm_kv_cache_tokens_per_block",
)
_KNOWN: Final = tuple({*_RUNNING, *_WAITING, *_KV_USAGE, *_KV_SIZE})
_RANKS: Final = frozenset({"tp_rank", "pp_rank", "moe_ep_rank", "pid"})
"""Labels of processes that all tell the same number of one engine."""


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine says of itself; None where it says nothing.

    `running` and `waiting` are requests, summed over its replicas; `kv_usage` is the share of the KV cache in use, of
    the fullest replica; `kv_tokens` what the KV cache holds in tokens, summed.
    """

    running: float | None
    waiting: float | None
    kv_usage: float | None
    kv_tokens: float | None


_Labels = Mapping[str, str]
_Samples = Mapping[str, list[tuple[_Labels, float]]]


def read(page: str) -> Load | None:
    """The figures on a page in the Prometheus text format, or None where it has none of them. Raises ValueError."""
    samples: dict[str, list[tuple[_Labels, float]]] = defaultdict(list)
    lines = "".join(f"{line}\n" for line in page.split("\n") if line.startswith(_KNOWN))
    for family in text_string_to_metric_families(lines):
        for sample in family.samples:
            if not sample.labels.get("priority"):  # SGLang tells the sum beside the parts
                samples[sample.name].append((sample.labels, float(sample.value)))
    load = Load(
        _total(_values(samples, _RUNNING)),
        _total(_values(samples, _WAITING)),
        max(_values(samples, _KV_USAGE), default=None),
        _kv_tokens(samples),
    )
    return None if load == Load(None, None, None, None) else load


def _values(samples: _Samples, names: Mapping[str, _Labels]) -> list[float]:
    """One value for each replica, of the first of the names that the page has."""
    for name, wanted in names.items():
        told: dict[frozenset[tuple[str, str]], float] = {}
        for labels, value in samples.get(name, ()):
            if wanted.items() <= labels.items() and value == value:  # noqa: PLR0124 - NaN is no number of requests
                replica = frozenset(pair for pair in labels.items() if pair[0] not in _RANKS)
                told[replica] = max(value, told.get(replica, value))
        if told:
            return list(told.values())
    return []


def _total(values: Iterable[float]) -> float | None:
    told = list(values)
    return sum(told) if told else None


def _kv_tokens(samples: _Samples) -> float | None:
    sizes = [size for labels, _ in samples.get("vllm:cache_config_info", ()) if (size := _vllm_tokens(labels))]
    if not sizes:
        sizes = _values(samples, {"sglang:max_total_num_tokens": {}})
    if not sizes:
        blocks = _values(samples, {"trtllm_kv_cache_max_blocks": {}})
        each = _values(samples, {"trtllm_kv_cache_tokens_per_block": {}})
        sizes = [a * b for a, b in zip(blocks, each, strict=False)]
    return _total(sizes)


def _vllm_tokens(labels: _Labels) -> float:
    """Its own figure, else blocks times their size; 0 where it gives neither."""
    size, blocks, each = (labels.get(k, "") for k in ("kv_cache_size_tokens", "num_gpu_blocks", "block_size"))
    if size.isdigit():
        return float(size)
    return float(blocks) * float(each) if blocks.isdigit() and each.isdigit() else 0.0
