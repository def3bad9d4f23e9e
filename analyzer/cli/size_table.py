"""The answer of `size` for people: the six questions, then what the answer rests on."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzer.advise.capacity import arithmetic, short
from analyzer.advise.prices import unpriced
from analyzer.advise.sized import Alternative, CapacityAdvice, Expected
from analyzer.advise.sizing import words
from analyzer.report.numbers import money
from analyzer.throughput.source_words import spoken

GIB = 1 << 30
WIDTH = 110
LABEL = 26
KINDS = {"on_demand": "on demand", "reserved": "reserved", "on_prem": "of one's own", "stated": "stated"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for: the model, the GPU's title, mean tokens in and out, requests per second.

    `mean_rps` is the mean over a day that follows from the peak, and `busy_share` the share of the day's requests in
    the busiest hour by which it follows.
    """

    model: str
    gpu: str
    isl: int
    osl: int
    rps: float
    mean_rps: float
    busy_share: float


def page(advice: CapacityAdvice, asked: Asked, sentence: str, start: str) -> str:
    """The whole answer, ready to print; `start` is the command that starts a replica."""
    lines = [
        *_questions(advice, asked),
        "",
        *_answer(advice),
        "",
        "Start each replica with:",
        f"  {start}",
        "",
        *_money(advice, asked),
        *_alternatives(advice),
        "",
        *_wrapped(sentence),
        *_wrapped(f"Source: {spoken(advice.source)}. Confidence: {advice.confidence}."),
        *_sources(advice),
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(label: str, text: str) -> Iterator[str]:
    first, *more = textwrap.wrap(text, WIDTH - LABEL) or [""]
    yield f"{label:<{LABEL}}{first}"
    yield from (f"{'':<{LABEL}}{line}" for line in more)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH)


def _questions(advice: CapacityAdvice, asked: Asked) -> Iterator[str]:
    """The six questions of sizing, with what was said to each."""
    profile, memory = advice.profile, advice.memory
    weights = "" if memory is None else f", {memory.weights_per_gpu / GIB:,.1f} GiB of weights on each GPU"
    yield from _row("Which model?", f"{asked.model} in {profile.weights}{weights}")
    yield from _row("How many tokens in?", f"{asked.isl:,} on average")
    yield from _row("How many tokens out?", f"{asked.osl:,} on average")
    yield from _row("How many at the peak?", f"{asked.rps:g} {'request' if asked.rps == 1 else 'requests'} a second")
    yield from _row("Within which latency?", words.objectives(advice.objectives) or "none: as much as a replica can do")
    yield from _row("On which GPUs?", asked.gpu)


def _answer(advice: CapacityAdvice) -> Iterator[str]:
    profile = advice.profile
    replicas = _plural(advice.replicas, "replica")
    each = f"{replicas} of {_plural(advice.gpus_per_replica, 'GPU')} on {_plural(advice.nodes, 'node')}"
    yield from _row("Run", f"{_plural(advice.gpus, 'GPU')}: {each}")
    yield from _row("How", arithmetic(advice))
    if advice.replicas_interval is not None and advice.rps_interval is not None:
        low, high = advice.replicas_interval
        few, many = advice.rps_interval
        count = _plural(low, "replica") if low == high else f"{low:,} to {high:,} replicas"
        yield from _row("Error bars", f"{count}, as one may carry {short(few)} to {short(many)} requests/s")
    else:
        yield from _row("Error bars", "not bounded above: with steps as slow as they may be the objectives are missed")
    yield from _row(
        "Each with",
        f"{profile.engine}, tp {profile.tp}, pp {profile.pp}, weights {profile.weights}, KV cache {profile.kv_cache}, "
        f"max_num_seqs {profile.max_num_seqs:,}, max_num_batched_tokens {profile.max_num_batched_tokens:,}",
    )
    if advice.memory is not None:
        held = f"{advice.memory.kv_pool_tokens:,} tokens, that is {advice.memory.concurrent:,.0f} such requests at once"
        yield from _row("KV cache of a replica", held)
    if advice.expected is not None:
        seen = advice.expected
        yield from _row(
            f"At the peak, p{seen.percentile:g}",
            f"TTFT {seen.ttft_ms:,.0f} ms, ITL {seen.itl_ms:,.1f} ms{_gap(seen)}, E2E {seen.e2e_ms / 1000:,.2f} s "
            f"({seen.requests:,} simulated requests)",
        )
    full = "" if advice.saturation_rps is None else f"; at most {short(advice.saturation_rps)} with work always waiting"
    yield from _row("One replica carries", f"{short(advice.rps_per_replica)} requests/s{full}")


def _gap(seen: Expected) -> str:
    return "" if seen.token_itl_ms is None else f" (a mean of each request; single gaps {seen.token_itl_ms:,.1f} ms)"


def _money(advice: CapacityAdvice, asked: Asked) -> Iterator[str]:
    unit = advice.currency or ""
    mean = f"{short(asked.mean_rps)} requests/s, as the busiest hour has {words.percent(asked.busy_share)} of a day's"
    yield from _row("Mean load", f"{mean} requests (an assumption); prices of a million tokens are at this load")
    if not advice.costs:
        yield from _row("Cost", unpriced(advice.gpu))
    for cost in advice.costs:
        tokens = "" if cost.per_million_tokens is None else f", {money(cost.per_million_tokens)} per million tokens"
        yield from _row(f"Cost, {KINDS[cost.kind]}", f"{cost.per_hour:,.2f} {unit} an hour{tokens}")
    carried = max(advice.peak_rps, (advice.replicas - advice.spare) * advice.rps_per_replica)
    for api in advice.hybrid:
        cheaper = f"own GPUs are cheaper above {api.break_even_rps:,.3g} requests/s on average"
        if api.break_even_rps > carried:
            cheaper = f"cheaper than these GPUs at any load that they carry (up to {short(carried)} requests/s)"
        yield from _row(
            f"At {api.name}"[: LABEL - 1],
            f"{api.per_hour:,.2f} {unit} an hour for the same traffic, {money(api.per_million_tokens)} per million "
            f"tokens; {cheaper}",
        )
    if advice.reach is not None:
        yield from _row("Whom it serves", advice.reach.sentence)


def _sources(advice: CapacityAdvice) -> Iterator[str]:
    """Where every price is from."""
    found = [(KINDS[cost.kind], cost.source) for cost in advice.costs]
    found += [(f"at {api.name}", api.source) for api in advice.hybrid]
    for name, source in found:
        yield from _wrapped(f"Price {name}: {source}.")


def _alternatives(advice: CapacityAdvice) -> Iterator[str]:
    if len(advice.alternatives) < 2:
        return
    yield ""
    yield from _wrapped(
        "What else was tried, each with the GPUs of the replicas that carry the load together. Headroom is what they "
        "carry beyond the peak by what one carries alone; the last number of GPUs is what the load takes if steps are "
        "slower by the error of their source."
    )
    heads = ("tp", "pp", "seqs", "tokens/step", "req/s", "per GPU", "GPUs", "an hour", "headroom", "if slower", "")
    rows: list[Sequence[str]] = [heads]
    rows.extend(_choice(one) for one in advice.alternatives)
    widths = [max(len(row[place]) for row in rows) for place in range(len(heads) - 1)]
    for row in rows:
        cells = "  ".join(text.rjust(width) for text, width in zip(row, widths, strict=False))
        yield f"{cells}  {row[-1]}".rstrip()


def _choice(one: Alternative) -> tuple[str, ...]:
    """One line of the table."""
    return (
        f"{one.tp}",
        f"{one.pp}",
        f"{one.max_num_seqs:,}" if one.max_num_seqs else "–",
        f"{one.max_num_batched_tokens:,}" if one.max_num_batched_tokens else "–",
        "–" if one.rps_per_replica is None else short(one.rps_per_replica),
        "–" if one.rps_per_gpu is None else short(one.rps_per_gpu),
        "–" if one.gpus is None else f"{one.gpus:,}",
        "–" if one.cost_per_hour is None else money(one.cost_per_hour),
        "–" if one.headroom is None else words.percent(one.headroom),
        "–" if one.gpus_if_slower is None else f"{one.gpus_if_slower:,}",
        one.verdict,
    )


def _plural(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
