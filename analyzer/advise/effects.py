"""What a length limit really changes, engine by engine, in words and numbers."""

from dataclasses import dataclass
from typing import Literal

from analyzer.advise.bounds import LengthTarget
from analyzer.shape import HourlyShape

Change = Literal["none", "admission", "memory", "safety"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the recommended limit changes in one kind of engine.

    `setting` is the engine's name of it. Tokens held are those that one request takes of the KV cache on average when
    it is admitted, under the limit today and under the recommended one; admitted is how many such requests a cache of
    the stated size takes at once. Each is `None` where it is not known. Of an engine that gives out cache as requests
    grow they are weighted by how long requests stay, where that is recorded, and those at the end of a request if not.
    """

    engine: str
    setting: str
    changes: tuple[Change, ...]
    tokens_held_now: float | None
    tokens_held_then: float | None
    admitted_now: int | None
    admitted_then: int | None
    sentence: str


def admitted(pool_tokens: int, tokens: float) -> int:
    """Requests that a KV cache of `pool_tokens` tokens takes at once where each holds `tokens`."""
    return int(pool_tokens // tokens)


def reserved(shape: HourlyShape, limit: int) -> float:
    """Tokens that a request reserves on average where its worst case is reserved: its input plus the `max_tokens` it
    asks for, the whole limit where it names none, and never more than the limit.
    """
    asked = sum(min(tokens, limit) * count for tokens, count in shape.asked.items())
    return (asked + (shape.requests - shape.asked.total) * limit) / shape.requests


def effects(shape: HourlyShape, limit: int, target: LengthTarget) -> tuple[Effect, ...]:
    """What running with `limit` tokens in all changes, for schedulers that take what comes and for those that reserve.

    The sources of each statement: vLLM takes its whole memory share for the cache whatever `--max-model-len` is, and
    checks prompt and max_tokens against it; SGLang reserves a share of max_new_tokens clipped at 4,096, not the context
    length; TensorRT-LLM reserves the worst case under GUARANTEED_NO_EVICT, and not under MAX_UTILIZATION.
    """
    now = target.current_max_seq_len
    same = now == limit
    paged: tuple[Change, ...] = ("none",) if same else ("admission", "memory", "safety")
    return (
        _paged("vLLM", "--max-model-len", shape, limit, target, paged),
        _paged("SGLang", "--context-length", shape, limit, target, paged),
        _reserving(shape, limit, target),
        _paged("TensorRT-LLM, MAX_UTILIZATION", "max_seq_len", shape, limit, target, paged),
        Effect(
            "TensorRT engines built with trtllm-build",
            "--max_seq_len",
            ("none",) if same else ("memory", "safety"),
            *(None,) * 4,
            sentence="Memory for activations is fixed when the engine is built and grows with max_num_tokens, or with "
            "batch size times max_input_len where inputs are padded: a lower limit takes a new build.",
        ),
    )


def _paged(
    engine: str, setting: str, shape: HourlyShape, limit: int, target: LengthTarget, changes: tuple[Change, ...]
) -> Effect:
    """An engine that gives out cache as requests grow."""
    mean, held = _held(shape)
    admits = None if target.pool_tokens is None else admitted(target.pool_tokens, mean)
    refused = shape.total.over(limit)
    asking = shape.asked.over(limit)
    checked = f", and {asking:,} of {shape.asked.total:,} that ask for more with max_tokens" if asking else ""
    sentence = (
        f"The KV cache keeps its size and a request holds what it uses, {held}, so throughput stays as it is. What "
        f"changes is who is let in: {refused:,} of {shape.requests:,} recorded requests would be refused or cut"
        f"{checked}; the longest stall that one request can cause; and that a replica "
        f"starts with a cache for {limit:,} tokens, so that a smaller one will do."
    )
    if changes == ("none",):
        sentence = f"Nothing: {limit:,} is the limit today."
    return Effect(engine, setting, changes, mean, mean, admits, admits, sentence)


def _held(shape: HourlyShape) -> tuple[float, str]:
    """Tokens that a request holds where cache is given out as it grows, and how they were counted."""
    over_time = shape.residency.tokens
    if over_time is not None:
        return over_time, f"{over_time:,.0f} tokens on average over the time that requests are in flight"
    mean = shape.total.sum / shape.requests
    return mean, f"{mean:,.0f} tokens at its end on average"


def _reserving(shape: HourlyShape, limit: int, target: LengthTarget) -> Effect:
    """TensorRT-LLM's default, which admits a request only where its worst case fits."""
    now, pool = target.current_max_seq_len, target.pool_tokens
    then_held = reserved(shape, limit)
    now_held = None if now is None else reserved(shape, now)
    used = shape.total.sum / shape.requests
    unnamed = shape.requests - shape.asked.total
    who = f"{unnamed:,} of {shape.requests:,} requests name no max_tokens, and each of them reserves the whole limit"
    if not unnamed:
        who = "every request names max_tokens, so the limit only cuts what they ask for beyond it"
    compared = f"{then_held:,.0f} tokens a request on average"
    if now_held is not None:
        compared += f", where the limit of {now or 0:,} reserves {now_held:,.0f}: {_times(now_held / then_held)}"
    sentence = (
        f"It reserves the worst case: {compared}; requests use {used:,.0f}. {who[0].upper()}{who[1:]}. "
        "More is to be had where clients send a max_tokens near what they use."
    )
    changes: tuple[Change, ...] = ("none",) if now_held == then_held else ("admission", "safety")
    return Effect(
        "TensorRT-LLM, GUARANTEED_NO_EVICT",
        "max_seq_len",
        changes,
        now_held,
        then_held,
        None if pool is None or now_held is None else admitted(pool, now_held),
        None if pool is None else admitted(pool, then_held),
        sentence,
    )


def _times(ratio: float) -> str:
    if 0.995 <= ratio <= 1.005:
        return "as many requests at once"
    return f"{ratio:.3g} times as many requests at once"
