"""Serving profiles to start from."""

from analyzer.engine import ServingProfile

LLAMA_8B = ServingProfile(
    model="meta-llama/Llama-3.1-8B",
    gpu="h100-sxm",
    tp=1,
    pp=1,
    engine="trtllm",
    engine_version=None,
    weights="bf16",
    kv_cache="bf16",
    max_model_len=None,
    max_num_seqs=256,
    max_num_batched_tokens=8192,
    chunked_prefill=True,
    prefix_caching=False,
    async_scheduling=True,
    gpu_memory_utilization=0.9,
    replicas=1,
)
"""Llama-3.1-8B in bf16 on one H100."""
