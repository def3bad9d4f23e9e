"""What the advised GPUs cost, what the same traffic would cost at an API, and whom they can serve."""

from dataclasses import replace

from analyzer.advise.capacity import short
from analyzer.advise.prices import Assumptions, GpuPrice, Prices, Traffic, at_api, costs, of_gpu, of_model
from analyzer.advise.sized import CapacityAdvice, Reach, StatedCapacity
from analyzer.histogram import Histogram

DAY_S = 86_400
HOUR_S = 3600


def priced(
    advice: CapacityAdvice, stated: StatedCapacity, prices: Prices, traffic: Traffic, seconds: Histogram | None
) -> CapacityAdvice:
    """`advice` with every price known for its GPU, and with the APIs that serve its model.

    The price that the settings state goes before all and is the one of `cost_per_hour`; else it is the first of the
    list, which is on demand. `seconds` are the counts of requests in the seconds of the window: they say what fewer
    replicas would leave to an API.
    """
    known = of_gpu(prices, advice.gpu or "")
    if stated.price_per_gpu_hour is not None:
        own = GpuPrice(advice.gpu or "", "stated", stated.price_per_gpu_hour, "the settings")
        known = (own, *known)
    found = costs(known, advice.gpus, traffic)
    if not found:
        return replace(advice, currency=prices.currency)
    first = found[0]
    each = first.per_gpu_hour * advice.gpus_per_replica
    fewer = overflow(advice, seconds) if seconds is not None else ()
    return replace(
        advice,
        currency=prices.currency,
        costs=found,
        cost_per_hour=first.per_hour,
        cost_per_million_tokens=first.per_million_tokens,
        alternatives=tuple(
            replace(one, cost_per_hour=None if one.gpus is None else one.gpus * first.per_gpu_hour)
            for one in advice.alternatives
        ),
        current=None
        if advice.current is None
        else replace(advice.current, cost_per_hour=advice.current.gpus * first.per_gpu_hour),
        hybrid=tuple(
            at_api(api, traffic, first.per_hour, fewer, each) for api in of_model(prices, advice.profile.model)
        ),
    )


def overflow(advice: CapacityAdvice, seconds: Histogram) -> tuple[tuple[int, float], ...]:
    """For each number of replicas below the advised one: the share of requests in excess of what they carry.

    Excess is counted second by second, with no spare replica in it.
    """
    requests = seconds.sum
    if not requests:
        return ()
    return tuple(
        (own, float((seconds.values - own * advice.rps_per_replica).clip(min=0) @ seconds.counts) / requests)
        for own in range(1, advice.replicas)
    )


def reach(advice: CapacityAdvice, traffic: Traffic, busy_hour_rps: float, assumed: Assumptions) -> Reach:
    """Whom the advised replicas can serve, spare ones not counted on.

    Users, to two significant digits: the requests of a day whose peak is as high as what the replicas carry, over the
    requests of one user. A day's requests grow as its peak does: the peak is that of seconds, which the mean of the
    busiest hour stays below.
    Tokens: from morning to night at what the replicas carry all the time, which `busy_hour_rps` is the least of.
    """
    carried = (advice.replicas - advice.spare) * advice.rps_per_replica * advice.rho_max
    peak = max(advice.peak_rps, carried)
    day = peak / advice.peak_rps * traffic.mean_rps * DAY_S if advice.peak_rps else 0.0
    users = about(day / assumed.requests_per_user_day)
    tokens = max(busy_hour_rps, carried) * DAY_S * (traffic.mean_isl + traffic.mean_osl)
    sentence = (
        f"With a peak of {short(peak)} requests/s a day brings about {about(day):,.0f} requests, that is about "
        f"{users:,.0f} daily users if each sends {assumed.requests_per_user_day:g} (an assumption, "
        f"requests_per_user_day in the price file); {tokens / 1e9:,.2g} billion "
        f"tokens a day at {short(max(busy_hour_rps, carried))} requests/s at all hours."
    )
    return Reach(users, tokens, sentence)


def about(number: float) -> float:
    """Two significant digits: what rests on an assumption is known no better."""
    return float(f"{number:.2g}")
