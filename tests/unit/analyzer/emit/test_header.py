"""The first lines of a file."""

from dataclasses import replace

import pytest

from analyzer.advise.capacity import Objectives
from analyzer.emit.header import cache, header, objectives
from tests.unit.analyzer.emit.cases import VLLM, over_the_week


def test_a_header_says_what_from_what_and_how() -> None:
    assert header(over_the_week(), "Arguments", "do it", ["More."]).splitlines() == [
        "# Arguments for meta-llama/Llama-3.1-8B-Instruct.",
        "# Advice from 120,345 requests of 2026-11-02 to 2026-11-08. Promised: TTFT ≤ 500 ms, ITL ≤ 50 ms at p95.",
        "# More.",
        "# Apply: do it",
    ]


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        (Objectives(), "No latency was promised."),
        (Objectives(percentile=95), "No latency was promised."),
        (Objectives(e2e_ms=20000), "Promised: E2E ≤ 20,000 ms."),
        (Objectives(ttft_ms=500, itl_ms=12.5, percentile=99.9), "Promised: TTFT ≤ 500 ms, ITL ≤ 12.5 ms at p99.9."),
    ],
)
def test_objectives_are_said_in_words(promised: Objectives, said: str) -> None:
    assert objectives(promised) == said


def test_the_cache_is_counted_in_requests_before_and_after() -> None:
    (told,) = cache(over_the_week(), VLLM)
    assert told == (
        "The KV cache of one replica holds 448,675 tokens (433,469 today): 54 requests of 8,192 tokens at once "
        "(3 of 131,072 today), more of shorter ones."
    )


def test_what_is_not_known_of_the_cache_is_left_out() -> None:
    unlimited = replace(VLLM, max_model_len=None)
    known = replace(over_the_week(), current=None, kv_pool_tokens_now=None)
    assert cache(known, VLLM) == (
        "The KV cache of one replica holds 448,675 tokens: 54 requests of 8,192 tokens at once, more of shorter ones.",
    )
    assert cache(replace(known, profile=unlimited), unlimited) == ("The KV cache of one replica holds 448,675 tokens.",)
    assert cache(replace(known, kv_pool_tokens=None), VLLM) == ()
    assert cache(known, replace(VLLM, max_num_seqs=1)) == (), "another profile has another cache"
