"""Recommendations that the tests of the files share, among them those of the golden files."""

from dataclasses import replace
from pathlib import Path

from analyzer.advise.capacity import Objectives
from analyzer.emit import Recommendation, SeasonPlan
from analyzer.engine import ServingProfile

GOLDEN = Path(__file__).with_name("golden")

VLLM = ServingProfile(
    model="meta-llama/Llama-3.1-8B-Instruct",
    gpu="h100_sxm",
    tp=1,
    pp=1,
    engine="vllm",
    engine_version="0.11.0",
    weights="bf16",
    kv_cache="bf16",
    max_model_len=8192,
    max_num_seqs=256,
    max_num_batched_tokens=2048,
    chunked_prefill=True,
    prefix_caching=True,
    async_scheduling=False,
    gpu_memory_utilization=0.9,
    replicas=3,
)
WORK = tuple(day * 24 + hour for day in range(5) for hour in range(9, 18))
EVENINGS = tuple(
    day * 24 + hour
    for day in range(7)
    for hour in range(9, 22)
    if day * 24 + hour not in WORK and (day > 4 or hour > 17)
)
NIGHTS = tuple(hour for hour in range(168) if hour not in WORK and hour not in EVENINGS)


def over_the_week() -> Recommendation:
    """vLLM with three numbers of replicas, and another profile at night."""
    return Recommendation(
        profile=VLLM,
        current=replace(VLLM, max_model_len=131072, max_num_seqs=1024, max_num_batched_tokens=8192, replicas=4),
        replicas=3,
        window="2026-11-02 to 2026-11-08",
        requests=120345,
        timezone="Europe/Berlin",
        objectives=Objectives(ttft_ms=500, itl_ms=50, percentile=95),
        seasons=(
            SeasonPlan("working days 9-18", WORK, VLLM, 3),
            SeasonPlan("evenings and weekends", EVENINGS, VLLM, 2),
            SeasonPlan("nights", NIGHTS, replace(VLLM, max_num_seqs=64), 1),
        ),
        reasons={"max_model_len": "Fewer than 0.1 % of the requests are longer than 8,192 tokens (95 % sure)."},
        kv_pool_tokens=448675,
        kv_pool_tokens_now=433469,
    )


def one_number() -> Recommendation:
    """TensorRT-LLM of a version that nobody looked into, one number of replicas, nothing stated about today."""
    return Recommendation(
        profile=replace(
            VLLM,
            model="nvidia/Llama-3.1-70B-Instruct-FP8",
            engine="trtllm",
            engine_version="9.0",
            tp=4,
            weights="fp8",
            kv_cache="fp8",
            max_model_len=16384,
            max_num_batched_tokens=8192,
            async_scheduling=True,
        ),
        current=None,
        replicas=2,
        window="2026-11-02 to 2026-11-08",
        requests=5000,
        timezone="UTC",
        kv_pool_tokens=600000,
        max_input_len=12032,
    )


def two_nodes() -> Recommendation:
    """SGLang over two nodes with what can be off turned off, near levels, and windows that begin at night."""
    profile = replace(
        VLLM,
        model="deepseek-ai/DeepSeek-R1",
        engine="sglang",
        engine_version="0.5.10",
        tp=8,
        pp=2,
        weights="int4",
        kv_cache="nvfp4",
        max_model_len=None,
        chunked_prefill=False,
        prefix_caching=False,
        gpu_memory_utilization=0.88,
        replicas=21,
    )
    nights = tuple(day * 24 + hour for day in range(7) for hour in (22, 23, 0, 1))
    return Recommendation(
        profile=profile,
        current=profile,
        replicas=20,
        window="2026-11-02 to 2026-11-08",
        requests=99,
        timezone="America/New_York",
        objectives=Objectives(e2e_ms=20000),
        seasons=(SeasonPlan("batch nights", nights, profile, 21),),
        deployment="reasoner",
    )


CASES = {"over_the_week": over_the_week, "one_number": one_number, "two_nodes": two_nodes}
