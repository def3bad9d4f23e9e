"""Serving profiles."""

from analyzer.engine import ServingProfile


def test_a_replica_takes_the_gpus_of_all_its_parallel_parts() -> None:
    profile = ServingProfile(
        model="meta-llama/Llama-3.1-70B-Instruct", gpu="h100-sxm", tp=4, pp=2, engine="vllm", engine_version=None,
        weights="bf16", kv_cache="bf16", max_model_len=8192, max_num_seqs=256, max_num_batched_tokens=8192,
        chunked_prefill=True, prefix_caching=True, async_scheduling=True, gpu_memory_utilization=0.9, replicas=1,
    )  # fmt: skip
    assert profile.gpus_per_replica == 8
