"""The answer of a replay as JSON."""

from dataclasses import asdict
from math import isfinite

from analyzer.replay.by_day import Figure
from analyzer.replay.checking import Measures
from analyzer.replay.whatif import Tried, WhatIf
from analyzer.replay.words import sentences

Json = dict[str, object]
SCHEMA = "tokentide.replay/1"


def as_json(found: WhatIf, model: str, routing: str) -> Json:
    """Times are milliseconds, shares 0..1, and an interval is that of 95 of 100 draws of days, null with one day."""
    return {
        "schema": SCHEMA,
        "model": model,
        "requests": found.requests,
        "counted": found.counted,
        "left_out": found.left_out,
        "days": found.days,
        "hours": found.span_ms / 3_600_000,
        "long_enough": found.long_enough,
        "routing": routing,
        "objectives": {**found.promise.limits, "percentile": found.promise.percentile},
        "confidence": found.confidence,
        "check": _check(found),
        "disproved": list(found.disproved),
        "current": _tried(found.current),
        "against": None if found.against is None else _tried(found.against),
        "changes": _changes(found) if found.against is not None else None,
        "sentences": list(sentences(found)),
    }


def _check(found: WhatIf) -> Json | None:
    if not found.checked.first:
        return None
    return {
        "requests": found.checked.requests,
        "first": _compared(found.checked.first),
        "corrected": _compared(found.checked.corrected),
        "prefill_factor": found.checked.prefill,
        "decode_factor": found.checked.decode,
    }


def _compared(compared: Measures) -> Json:
    return {
        name: {
            label: {"recorded": each.recorded, "replayed": each.replayed, "error_share": each.error}
            for label, each in quantiles.items()
        }
        for name, quantiles in compared.items()
    }


def _tried(tried: Tried) -> Json:
    made, setup = tried.outcome, tried.setup
    return {
        "profile": asdict(setup.profile) | {"gpus_per_replica": setup.profile.gpus_per_replica},
        "limits": asdict(setup.limits),
        "throughput": {
            "source": setup.throughput.source,
            "detail": setup.throughput.detail,
            "error_share": setup.throughput.error_share,
        },
        "requests": made.requests,
        "meets": made.meets,
        "queue_grows": made.queue_grows,
        "attained_share": None if made.attained is None else _figure(made.attained),
        "kept": {name: _figure(each) for name, each in made.kept.items()},
        "rejected_share": _figure(made.rejected),
        "truncated_share": _figure(made.truncated),
        **{name: {label: _figure(each) for label, each in times.items()} for name, times in made.times.items()},
        "busy_share": made.busy_share,
        "peak_kv_share": made.peak_kv_tokens / setup.limits.kv_pool_tokens,
        "preemptions": made.preemptions,
        "gpu_hours": made.gpu_hours,
        "cost": None if setup.price_per_gpu_hour is None else made.gpu_hours * setup.price_per_gpu_hour,
        "cautions": list(tried.cautions),
    }


def _changes(found: WhatIf) -> Json:
    """By how much each time gets longer, and the GPU-hours, as a share of what they were."""
    after = found.against or found.current
    hours = found.current.outcome.gpu_hours
    return {
        **{name: {label: _figure(each) for label, each in change.items()} for name, change in found.changes.items()},
        "gpu_hours_share": after.outcome.gpu_hours / hours - 1 if hours else None,
    }


def _figure(figure: Figure) -> Json:
    return {
        "value": figure.value if isfinite(figure.value) else None,
        "interval": None if figure.interval is None else list(figure.interval),
    }
