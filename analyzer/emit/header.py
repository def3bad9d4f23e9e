"""The first lines of each file: what it is for, from which records, and how to apply it."""

from collections.abc import Iterable

from analyzer.advise.capacity import Objectives
from analyzer.emit.quoting import command, comment
from analyzer.emit.recommendation import Recommendation
from analyzer.engine import ServingProfile


def header(recommendation: Recommendation, what: str, apply: str, more: Iterable[str] = ()) -> str:
    """Comment lines: what the file is, where the advice is from, what else there is to know, how to apply it."""
    lines = (
        f"{what} for {recommendation.profile.model}.",
        f"Advice from {recommendation.basis}. {objectives(recommendation.objectives)}",
        *more,
    )
    return "\n".join([*(comment(line) for line in lines), command(f"Apply: {apply}")])


def objectives(promised: Objectives) -> str:
    """The latency that the advice keeps to, in words."""
    limits = (("TTFT", promised.ttft_ms), ("ITL", promised.itl_ms), ("E2E", promised.e2e_ms))
    named = [f"{name} ≤ {limit:,g} ms" for name, limit in limits if limit is not None]
    if not named:
        return "No latency was promised."
    at = "" if promised.percentile is None else f" at p{promised.percentile:g}"
    return f"Promised: {', '.join(named)}{at}."


def cache(recommendation: Recommendation, profile: ServingProfile) -> tuple[str, ...]:
    """What the KV cache of a replica holds, before and after, as far as it is known."""
    then, now = recommendation.kv_pool_tokens, recommendation.kv_pool_tokens_now
    if then is None or profile != recommendation.profile:
        return ()
    before = "" if now is None else f" ({now:,} today)"
    held = f"The KV cache of one replica holds {then:,} tokens{before}"
    limit = profile.max_model_len
    if limit is None:
        return (f"{held}.",)
    current = recommendation.current
    earlier = ""
    if now is not None and current is not None and current.max_model_len is not None:
        earlier = f" ({now // current.max_model_len:,} of {current.max_model_len:,} today)"
    return (f"{held}: {then // limit:,} requests of {limit:,} tokens at once{earlier}, more of shorter ones.",)
