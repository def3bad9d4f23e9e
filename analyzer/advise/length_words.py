"""What stands behind the length limits and what they change, in honest sentences."""

from collections.abc import Mapping, Sequence

from analyzer.advise.bounds import DAYS_FOR_VARIATION, Bound, LengthTarget, requests_needed, share_bound
from analyzer.advise.drift import Drift
from analyzer.advise.shift import MOVED, STABLE, Shift
from analyzer.evidence import Evidence
from analyzer.shape import HourlyShape, Refusals

WEEK_US = 604_800_000_000
LIMITS = {"isl": "max_input_len", "osl": "max_output_len", "total": "max_seq_len"}
SIDES = {"isl": "input", "osl": "output", "total": "input and output"}


def percent(share: float) -> str:
    """A share (0..1) as a percentage with three significant digits."""
    return f"{100 * share:.3g} %"


def of_limit(side: str, bound: Bound, limit: int, days: int, target: LengthTarget) -> Evidence:
    """How the limit of one side (isl, osl or total) came about; its interval is from the quantile seen to its bound."""
    requests = bound.lengths.total
    sentence = (
        f"{percent(1 - target.over_share)} of {requests:,} requests have at most {bound.seen:,} {SIDES[side]} tokens; "
        f"with {percent(target.confidence)} confidence that length is at most {bound.value:,} (order statistic "
        f"{bound.rank:,} of {requests:,} gives {bound.by_rank:,}; {_days(bound)}); the limit is {limit:,}"
        f"{_why(bound, limit)}."
    )
    return Evidence(f"lengths.{LIMITS[side]}", requests, days, (bound.seen, bound.value), sentence)


def of_share_over(shape: HourlyShape, over: int, limit: int, days: int, target: LengthTarget) -> Evidence:
    """How many requests are longer than the total limit, with the one-sided Clopper–Pearson bound."""
    bound = share_bound(over, shape.requests, target.confidence)
    sentence = (
        f"{over:,} of {shape.requests:,} recorded requests are longer than {limit:,} tokens in input and output "
        f"together ({percent(over / shape.requests)}); with {percent(target.confidence)} confidence at most "
        f"{percent(bound)} are, if requests are independent of each other."
    )
    return Evidence("lengths.over_share", shape.requests, days, (0.0, bound), sentence)


def of_drift(shape: HourlyShape, days: int, drift: Drift | None) -> Evidence:
    """Whether lengths grow from week to week, and what the limits hold for it."""
    figure = "lengths.drift_per_week"
    if drift is None:
        sentence = "Whether lengths grow from week to week shows over two weeks, and fewer were seen."
        return Evidence(figure, shape.requests, days, None, sentence)
    low, high = drift.interval
    trend = (
        f"The daily p99 of input and output together moves by {drift.per_week:+,.0f} tokens a week (95 % interval "
        f"{low:+,.0f} to {high:+,.0f}), from {drift.days} days compared with the same weekday of other weeks"
    )
    if not drift.sure:
        meaning = "which may be chance, so the limits hold nothing for it"
    elif drift.per_week > 0:
        meaning = "which is no chance: the limit of the total holds one more week of it"
    else:
        meaning = "which is no chance; limits are not lowered for it"
    sentence = f"{trend} (seasonal Kendall test, p = {drift.p:.2g}), {meaning}."
    return Evidence(figure, shape.requests, drift.days, drift.interval, sentence)


def of_shifts(shape: HourlyShape, shifts: Mapping[str, Shift]) -> tuple[Evidence, ...]:
    """How far the last week lies from the weeks before, where two weeks were seen."""
    if not shifts:
        return ()
    found = "; ".join(
        f"{SIDES[side]} {one.ks:.2g} (p = {one.p:.2g}), stability index {one.psi:.2g}, {_stable(one.psi)}"
        for side, one in shifts.items()
    )
    sentence = (
        "The last seven days beside all weeks before, as the largest distance between the distribution functions of "
        f"lengths, with the p-value where whole days change places: {found}. Limits are not changed for it."
    )
    days = max(one.days for one in shifts.values())
    return (Evidence("lengths.week_over_week", shape.requests, days, None, sentence),)


def _stable(index: float) -> str:
    if index < STABLE:
        return "below 0.1, so the same"
    return "above 0.25, so another" if index > MOVED else "between 0.1 and 0.25, so moved a little"


def of_caps(shape: HourlyShape, days: int, caps: Sequence[str], refusals: Refusals | None = None) -> Evidence:
    """Whether the lengths seen were cut off, from the signs in `caps`, and what was refused."""
    sentence = f"{_caps(shape, caps)}{_refused(refusals)}"
    return Evidence("lengths.right_censored", shape.requests, days, None, sentence)


def _refused(refusals: Refusals | None) -> str:
    if refusals is None:
        return ""
    return (
        f" {refusals.requests:,} requests were refused as bad or too large (HTTP 400, 413 or 422) and are in no "
        f"length; {max(refusals.for_length, refusals.longer):,} of them for their length, by the name of the error or "
        "because their input is longer than any that was answered."
    )


def _caps(shape: HourlyShape, caps: Sequence[str]) -> str:
    if caps:
        return (
            f"Lengths seem to have been cut off by a limit in force ({'; '.join(caps)}): what clients would send or "
            "want without it may be longer than the bounds say, and by how much cannot be seen from these records."
        )
    if shape.endings.reason_known:
        return (
            f"{shape.endings.cut_by_length:,} of {shape.endings.reason_known:,} answers ran into a length limit, and "
            "no pile of requests at the longest length hints at another one; refused requests have no length to count."
        )
    return (
        "The records do not say why answers ended; no pile of requests at the longest length hints at a limit in "
        "force, but it cannot be ruled out."
    )


def too_little(shape: HourlyShape, target: LengthTarget) -> str:
    """How many requests a bound needs, and what to do."""
    needed = requests_needed(target.over_share, target.confidence)
    return (
        f"A limit that {percent(target.over_share)} of the requests exceed needs at least {needed:,} requests at "
        f"{percent(target.confidence)} confidence, and there are {shape.requests:,}: record more traffic or accept a "
        "larger target_over_share."
    )


def effect(shape: HourlyShape, limit: int, over: int, target: LengthTarget) -> str:
    """What running with `limit` as the total limit changes and what it does not (`max_model_len`, `max_seq_len`)."""
    bound = share_bound(over, shape.requests, target.confidence)
    expected = f"Expected truncation {percent(over / shape.requests)}, at most {percent(bound)}{_weekly(shape, over)}."
    return " ".join(filter(None, (_change(limit, target.current_max_seq_len), expected, _asked(shape, limit))))


def _change(limit: int, current: int | None) -> str:
    if current == limit:
        return f"None: {limit:,} is the limit today."
    if current is not None and current < limit:
        return (
            f"Admission: raising the limit from {current:,} to {limit:,} lets longer requests in; it costs no KV-cache "
            "memory by itself in an engine with a paged cache, but a scheduler that reserves the worst case admits "
            "fewer requests at once."
        )
    action = "A limit of" if current is None else f"Lowering the limit from {current:,} to"
    times = "more requests" if current is None else f"up to {current / limit:.1f} times as many requests"
    return (
        f"Admission and latency: {action} {limit:,} tokens will not by itself raise the throughput of an engine with a "
        "paged KV cache (vLLM, SGLang); it allows a smaller KV cache or GPU, makes a scheduler that reserves the worst "
        f"case (TensorRT-LLM's default) admit {times} where clients send no max_tokens, and caps the stall that one "
        "request can cause."
    )


def _weekly(shape: HourlyShape, over: int) -> str:
    """Requests over the limit per week, only where a week was seen."""
    span = shape.last - shape.first
    if not over or span < 0.95 * WEEK_US:
        return ""
    return f", about {over * WEEK_US / span:,.0f} requests a week"


def _asked(shape: HourlyShape, limit: int) -> str:
    """What engines that check the request up front would refuse, where clients name an output limit."""
    over = shape.asked.over(limit)
    if not over:
        return ""
    return (
        f"An engine that checks input + max_tokens up front (vLLM) would refuse {over:,} of {shape.asked.total:,} "
        "requests that asked for more than they used: let clients ask for less."
    )


def _days(bound: Bound) -> str:
    if bound.by_days is None:
        return f"fewer than {DAYS_FOR_VARIATION} days: no day-to-day variation seen"
    return f"resampling whole days gives {bound.by_days:,}"


def _why(bound: Bound, limit: int) -> str:
    if limit < bound.value:
        return ", the longest that the model allows"
    if bound.growth > 1:
        return f", with one week more of growth ({percent(bound.growth - 1)})"
    if bound.to_cover != bound.value:
        return ", which also covers the longest request seen"
    return ""
