"""What is said about a sizing, in sentences."""

from analyzer.advise.sized import Objectives
from analyzer.advise.sizing.choose import Judged
from analyzer.advise.sizing.mix import Mix
from analyzer.advise.sizing.pool import Pooled
from analyzer.advise.sizing.question import Sizing
from analyzer.advise.sizing.trial import DEFAULT_PERCENTILE, Trial
from analyzer.engine import EngineLimits, unsplit
from analyzer.replay import checking
from analyzer.replay.checking import Checked, Measures

NAMES = {"ttft": "TTFT", "itl": "ITL", "e2e": "E2E"}
NOT_FOR_PURCHASE = 0.3


def percent(share: float) -> str:
    """A share in whole per cent: 40 %."""
    return f"{share * 100:.0f} %"


def objective(objectives: Objectives, name: str) -> str:
    """One objective: TTFT p95 <= 500 ms."""
    limit = getattr(objectives, f"{name}_ms")
    return f"{NAMES[name]} p{objectives.percentile or DEFAULT_PERCENTILE:g} ≤ {limit:,g} ms"


def objectives(promised: Objectives) -> str:
    """All of them, joined; empty without any."""
    return ", ".join(objective(promised, name) for name in NAMES if getattr(promised, f"{name}_ms") is not None)


def seen(at: Trial, name: str) -> str:
    """What one objective's time was in a run: 620 ms, 1,930 ms."""
    taken = getattr(at, f"{name}_ms")
    return f"{taken:,.0f} ms" if taken >= 1000 else f"{taken:.3g} ms"


def off(judged: Judged) -> str:
    """How far its step times may be off, more where they are stretched beyond what was measured."""
    known, beyond = judged.throughput, judged.beyond
    if known.shorter_share is None:
        return f"off by {percent(known.error_share * beyond)} either way"
    shorter = f" or {percent(known.shorter_share * beyond)} shorter" if known.shorter_share else ""
    return f"up to {percent(known.error_share * beyond)} longer{shorter}"


def confidence(judged: Judged, checked: Checked | None = None) -> str:
    """How far the step times may be off, what that means, and how far off the simulation is from what was recorded."""
    share, batch = judged.throughput.error_share, judged.throughput.largest_batch
    compared = checked is not None and bool(checked.first)
    told = "low confidence: " if checked is not None and compared and not checked.accepted else ""
    told += f"step times {judged.throughput.off}"
    if judged.throughput.requests:
        told += f", from {judged.throughput.requests:,} measured requests"
    if judged.throughput.source in {"roofline", "aiconfigurator"}:
        told += "; a model of an ideal engine that no measurement of yours confirms"
    if share >= NOT_FOR_PURCHASE:
        told += "; too wide to buy hardware by"
    if batch is not None and judged.beyond > 1:
        told += (
            f"; extrapolated: {judged.running:,.0f} requests run at once, of which at most {batch:,.0f} were measured"
        )
    if checked is not None and compared:
        told += f"; simulating what runs today is {_off(checked.first)}"
        told += "" if checked.accepted else f", so {_scaled(checked)}"
    return told


def _off(compared: Measures) -> str:
    return f"off by {percent(checking.off(compared, 'p50'))} (p50) and {percent(checking.off(compared, 'p95'))} (p95)"


def _scaled(checked: Checked) -> str:
    parts = (("reading", checked.prefill), ("writing", checked.decode))
    by = " and ".join(f"{name} was scaled by {factor:.2f}" for name, factor in parts if round(factor, 2) != 1)
    return f"{by}: then it is {_off(checked.corrected)}" if by else "it is not to be relied on"


def unreachable(sizing: Sizing, tried: tuple[Judged, ...]) -> str:
    """Which objectives are missed by every choice even at the lightest load, and the best that each can do."""
    named = {name for one in tried for name in one.capacity.missed if name in NAMES}
    each = []
    for name in (name for name in NAMES if name in named):
        able = [
            one for one in tried if getattr(one.capacity.at, f"{name}_ms") == getattr(one.capacity.at, f"{name}_ms")
        ]
        if not able:
            continue
        best = min(able, key=lambda one: getattr(one.capacity.at, f"{name}_ms"))
        profile = best.candidate.profile
        each.append(
            f"{objective(sizing.objectives, name)} (the best is {seen(best.capacity.at, name)}, with tp {profile.tp}"
            f"{f', pp {profile.pp}' if profile.pp > 1 else ''} and {profile.max_num_batched_tokens:,} tokens a step)"
        )
    refusing = [one.capacity.at.rejected_share for one in tried if "rejected" in one.capacity.missed]
    if refusing and not each:
        return (
            f"{refused(min(refusing))} by every choice of {sizing.model.name} on {sizing.gpu.name}, which is more than "
            "may miss an objective: allow a larger max_model_len, or more or larger GPUs for its KV cache."
        )
    what = " and ".join(each) or "the objectives, because no request of this length fits into the KV cache"
    return (
        f"{sizing.model.name} on {sizing.gpu.name} cannot keep {what} even when nearly idle, so no number of replicas "
        "can: allow more time, take a faster GPU or smaller weights, or shorten the requests."
    )


def split(sizing: Sizing) -> str:
    """What speaks against how a fixed profile is split, as a sentence behind another; empty where nothing does."""
    why = None if sizing.fixed is None else unsplit(sizing.model, sizing.gpu, sizing.fixed.tp)
    return "" if why is None else f" Mind that {why}"


def left_out(at: Trial) -> str:
    """That some requests are refused, as a sentence behind another; empty where none is."""
    return f" {refused(at.rejected_share)}." if at.rejected_share > 0 else ""


def untold(mix: Mix, limits: EngineLimits) -> str:
    """What of the requests is not known and matters to this engine, as sentences behind another; empty if nothing."""
    said = ""
    if limits.prefix_caching and mix.cache_told is not None and mix.cache_told < 1:
        told = f"only {percent(mix.cache_told)} of the records tell" if mix.cache_told else "no record tells"
        said += (
            f" Mind that prefix caching is on and {told} how many input tokens were cached: where none is told all "
            "count as read, so that a replica may carry more than this."
        )
    if limits.admission == "reserved" and mix.unnamed:
        said += (
            f" {percent(mix.unnamed)} of the requests name no max_tokens, and the engine reserves its cache for each "
            f"of them up to {limits.max_model_len:,} tokens."
        )
    return said


def beyond(pooled: Pooled, sizing: Sizing) -> str:
    """That the replicas simulated together miss the objectives however many they are; empty where they do not."""
    at = pooled.at
    if at is None or pooled.replicas is not None:
        return ""
    missed = [
        f"{NAMES[name]} p{at.percentile:g} is {seen(at, name)}"
        for name in at.missed(sizing.objectives)
        if name in NAMES
    ]
    why = " and ".join(missed) or refused(at.rejected_share)
    return (
        f" Simulated together, even many more replicas miss an objective at the peak ({why}), and doubling them does "
        "not help: the count is the plain quotient."
    )


def refused(share: float) -> str:
    """How many requests no replica serves: 12 % of the requests are longer than ... and refused."""
    return f"{share * 100:.3g} % of the requests are longer than max_model_len or the KV cache allows and are refused"
