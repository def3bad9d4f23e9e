"""Why hours are, or are not, divided into kinds: the reason in sentences."""

from analyzer.patterns.clusters import GROUPS, STABLE, Division
from analyzer.patterns.repeats import PERMUTATIONS, Repeats


def probability(p: float) -> str:
    """A p-value with two significant digits: `p = 0.002`."""
    return f"p = {p:.2g}"


def of_few_days(days: int, tested: Repeats | None = None) -> str:
    """Too few days to tell what comes back."""
    if tested is None:
        seen = "one day" if days == 1 else "no day"
        return f"Requests came on {seen}: what comes back shows on other days, and it takes five of them to be sure."
    return (
        f"Requests came on {days} days, and five are needed to say what comes back (so far the mix of lengths gives "
        f"{probability(tested.mix)})."
    )


def of_few_requests(requests: int, needed: int, *, weekly: bool) -> str:
    """Too few requests in each slot to speak of its mix."""
    slots = "hours of the week" if weekly else "hours of the day"
    return (
        f"{requests:,} requests are too few to compare the {slots}: seven or more of them need {needed} requests each."
    )


def of_no_repetition(tested: Repeats, days: int) -> str:
    """The mix does not come back."""
    return (
        f"Hours of the day differ in their mix of lengths no more than chance makes them over {days} days "
        f"({probability(tested.mix)} in {PERMUTATIONS} shuffles of the hours inside each day; 0.01 is needed), so one "
        "set of limits serves all hours."
    )


def of_repetition(tested: Repeats, days: int, division: Division, sure: float) -> str:
    """The mix comes back: whether the tails do, and whether the hours can be divided."""
    mix = (
        f"The mix of lengths comes back at the same hours of the day over {days} days ({probability(tested.mix)} in "
        f"{PERMUTATIONS} shuffles of the hours inside each day)"
    )
    return f"{mix}; {_tails(tested, sure)} {_division(division)}"


def _tails(tested: Repeats, sure: float) -> str:
    sides = {"input": tested.isl_p99, "output": tested.osl_p99}
    told = {side: f"the p99 of {side} ({probability(p)})" for side, p in sides.items()}
    back = [told[side] for side, p in sides.items() if p <= sure]
    away = [told[side] for side, p in sides.items() if p > sure]
    if not away:
        return f"so do {' and '.join(back)}, so each kind of hours has limits of its own."
    if not back:
        return (
            f"the tails do not: {' and '.join(away)} differ between hours no more than chance makes them, so no limits "
            "per window are offered: the limits of the whole hold at every hour."
        )
    return f"so does {back[0]}, but {away[0]} does not, so only the former has limits for each kind of hours."


def _division(division: Division) -> str:
    if division.k > 1:
        return (
            f"There are {division.k} kinds of hours (silhouette {division.silhouette:.2f}); resampled days give the "
            f"same ones (adjusted Rand index {division.agreement:.2f})."
        )
    return (
        f"No division into {GROUPS[0]} to {GROUPS[-1]} kinds of hours stays the same when days are resampled (adjusted "
        f"Rand index at most {division.agreement:.2f}, {STABLE} is needed), so the hours are not divided."
    )
