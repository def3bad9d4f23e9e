"""Knobs from rules: the heuristic of trtllm-bench, and the limits that a latency objective allows."""

from dataclasses import dataclass
from math import ceil, floor

from analyzer.engine.steps import StepTimes

MOST_REQUESTS = 4096
MOST_TOKENS = 32768
STEPS = (2048, 4096, 8192, 16384)


@dataclass(frozen=True, slots=True)
class Batching:
    """How many requests run at once, and how many tokens one step has."""

    max_num_seqs: int
    max_num_batched_tokens: int


def bench_pool(
    memory_bytes: float, gpus: int, weights_bytes: float, kv_bytes_per_token: float, share: float = 0.9
) -> float:
    """Tokens of KV cache that trtllm-bench reckons with: `share` of all memory without the weights.

    `memory_bytes` is of one GPU, `weights_bytes` and `kv_bytes_per_token` of the whole replica.
    """
    return share * (memory_bytes * gpus - weights_bytes) / kv_bytes_per_token


def bench_batching(pool_tokens: float, isl: float, osl: float, pp: int = 1) -> Batching:
    """What trtllm-bench builds an engine with for requests of `isl` and `osl` tokens (`bench/build/tuning.py`).

    Requests that the pool holds at their ends, at most 4096, over the pipeline's stages; and for each of them its
    output token with its share of the prompts that are read meanwhile, 1 + isl/osl tokens, at most 32768.
    """
    requests = min(pool_tokens / (isl + osl), MOST_REQUESTS) / pp
    tokens = min(requests * (1 + isl / osl), MOST_TOKENS)
    return Batching(rounded_requests(requests), rounded_tokens(tokens))


def rounded_requests(requests: float) -> int:
    """Up to 32 below 256 and at least 64, up to 128 below 1024, else up to 256."""
    if requests < 256:
        return max(64, _up(requests, 32))
    return _up(requests, 128 if requests < 1024 else 256)


def rounded_tokens(tokens: float) -> int:
    """Up to 256 below 4096 and at least 2048, up to 512 below 8192, else up to 1024."""
    if tokens < 4096:
        return max(2048, _up(tokens, 256))
    return _up(tokens, 512 if tokens < 8192 else 1024)


def allowed_requests(largest_batch: float, pool_tokens: float, context: float) -> int:
    """`max_num_seqs`: a tenth more than the largest batch within the objective, and no more than the cache holds.

    `context` is how many tokens a request has in the cache, weighted by how long it is there.
    """
    return rounded_requests(min(ceil(largest_batch * 1.1), floor(pool_tokens / context)))


def allowed_tokens(
    times: StepTimes, requests: int, context: float, isl: float, itl_ms: float, ttft_ms: float, least: int = 0
) -> int | None:
    """`max_num_batched_tokens`: the most tokens of a step that keep both objectives, `None` where none does.

    While `requests` requests with `context` tokens each write, a step that also reads so many tokens of a prompt must
    end within `itl_ms`, and a prompt of `isl` tokens read in such steps within `ttft_ms`. `least` is what the step must
    hold anyway: a token for each request, and where prefill is not chunked the longest input.
    """
    decode = times.decode_ms(requests, requests * context)
    for step in sorted(STEPS, reverse=True):
        new = max(min(step - requests, isl), 1)
        read = times.m0 + times.r0 + times.a1 * new + times.a2 * new * new
        chunks = ceil(isl / max(step - requests, 1))
        whole = chunks * (decode + times.m0) + times.r0 + times.a1 * isl + times.a2 * isl * isl
        if step >= max(least, requests) and decode + read <= itl_ms and whole + times.outside_ms <= ttft_ms:
            return step
    return None


def _up(value: float, step: int) -> int:
    return ceil(value / step) * step
