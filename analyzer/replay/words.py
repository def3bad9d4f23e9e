"""What a replay says, in sentences."""

from collections.abc import Iterator

from analyzer.replay.checking import ACCEPTED, Measures
from analyzer.replay.outcome import Outcome
from analyzer.replay.whatif import Tried, WhatIf
from analyzer.throughput.source_words import spoken

NAMES = {"ttft_ms": "TTFT", "itl_ms": "ITL", "e2e_ms": "E2E"}

ALIKE = 0.0005  # less than this is no difference anybody would see
TIMES = 2.0  # from three times as long on per cent are hard to read


def sentences(found: WhatIf) -> tuple[str, ...]:
    """What speaks against today's profile, how far to trust the replay, whether promises are kept, and what changes."""
    said = [*found.disproved, _trust(found), *_limits_of_it(found), _verdict("What runs today", found.current, found)]
    if found.against is not None:
        said += [_verdict("The other profile", found.against, found), *_difference(found, found.against)]
    return tuple(said)


def _trust(found: WhatIf) -> str:
    if found.confidence == "unchecked":
        return (
            "Too few requests have their latency recorded to check the replay: what follows rests on step times by "
            f"{spoken(found.current.setup.throughput.source)} alone ({found.current.setup.throughput.off})."
        )
    first = _errors(found.checked.first)
    if found.confidence == "checked":
        return f"Replayed as it runs today, {first} than recorded, which is near enough."
    parts = (("writing", found.checked.decode), ("reading", found.checked.prefill))
    factors = [f"{name} by {factor:.2f}" for name, factor in parts if round(factor, 2) != 1]
    corrected = f"corrected ({' and '.join(factors)}), {_errors(found.checked.corrected)}: " if factors else ""
    return f"Replayed as it runs today, {first} than recorded; {corrected}low confidence."


def _errors(compared: Measures) -> str:
    parts = [
        f"{NAMES[name]} {label} is {_longer(each[label].error)}"
        for name, each in compared.items()
        for label in ACCEPTED
    ]
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _longer(share: float) -> str:
    return f"{abs(share) * 100:.3g} % {'longer' if share >= 0 else 'shorter'}"


def _changed(share: float) -> str:
    if abs(share) < ALIKE:
        return "the same"
    return _longer(share) if share < TIMES else f"{1 + share:.3g} times as long"


def _limits_of_it(found: WhatIf) -> Iterator[str]:
    if not found.long_enough:
        yield (
            f"The records span {found.span_ms / 60_000:.1f} minutes, and a replay takes ten minutes and twenty times "
            "what a request takes: the figures are those of a start."
        )
    if found.left_out:
        yield f"{found.left_out:,} requests that ended without a token are left out, as nobody knows what they took."
    if found.days < 2:
        yield "All requests came on one day, so that no figure has an interval."
    else:
        yield (
            f"Intervals in brackets are of the {found.days} recorded days, from drawing them again and again: how far "
            f"step times may be off ({found.current.setup.throughput.off}) is not in them."
        )


def _verdict(who: str, tried: Tried, found: WhatIf) -> str:
    made = tried.outcome
    if made.queue_grows:
        return f"{who} cannot carry this traffic: requests come faster than they are served, and the queue grows."
    refused = _refused(made)
    if made.meets is None:
        return f"{who} serves this traffic{refused}; no objective is set, so that nothing is said about promises."
    kept = ", ".join(
        f"{NAMES[name]} ≤ {found.promise.limits[name]:g} ms for {share.value * 100:.4g} %"
        for name, share in made.kept.items()
    )
    verb = "keeps" if made.meets else "does not keep"
    return f"{who} {verb} what is promised for {found.promise.percentile:g} % of the requests: {kept}{refused}."


def _refused(made: Outcome) -> str:
    parts = [
        f"{figure.value * 100:.3g} % are {name}"
        for name, figure in (("rejected", made.rejected), ("truncated", made.truncated))
        if figure.value > 0
    ]
    return f", and {' and '.join(parts)}" if parts else ""


def _difference(found: WhatIf, other: Tried) -> Iterator[str]:
    before, after = found.current.outcome.gpu_hours, other.outcome.gpu_hours
    if before:
        if after == before:
            yield f"It takes as many GPU-hours in the time that was recorded, {after:,.1f}."
        else:
            change = f"{abs(after / before - 1) * 100:.3g} % {_more(after - before)}"
            yield f"It takes {after:,.1f} GPU-hours instead of {before:,.1f} in the time that was recorded, {change}."
    parts = [f"{NAMES[name]} p95 {_changed(each['p95'].value)}" for name, each in found.changes.items() if each]
    if parts:
        yield f"With it: {', '.join(parts)}."
    yield from other.cautions


def _more(difference: float) -> str:
    return "more" if difference > 0 else "less"
