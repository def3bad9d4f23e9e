"""The sentences behind the figures that describe traffic."""

from analyzer.demand import Rate
from analyzer.evidence import Evidence
from analyzer.shape import HourlyShape, Traffic


def of_description(
    whole: HourlyShape, rate: Rate, traffic: Traffic, days: int, unreadable_files: int
) -> tuple[Evidence, ...]:
    """The evidence of every figure that only counts: lengths, grid, patterns, rate, clients, hours and latency."""
    requests = whole.requests

    def said(figure: str, sentence: str) -> Evidence:
        return Evidence(figure, requests, days, None, sentence)

    missing = f" {unreadable_files} file(s) of records could not be read and are not in it." if unreadable_files else ""
    every = f"Every one of the {requests:,} requests" if requests > 1 else "The only request"
    span = "1 calendar day" if days == 1 else f"{days} calendar days added up"
    counted = f"{every} is counted, none is sampled;"
    found = [
        said("requests", f"Rows that have a time, a model and both token counts.{missing}"),
        said("isl", f"{counted} quantiles are nearest-rank, so each is a length that occurred.{_cut_short(whole)}"),
        said("osl", f"{counted} quantiles are nearest-rank, so each is a length that occurred.{_cut_short(whole)}"),
        said("total", f"{counted} input and output of one request are added before the quantiles are taken."),
        said("joint", f"{counted} edges are powers of two."),
        said("query_patterns", f"{counted} long means strictly above the threshold."),
        _of_rate(whole, rate, days),
        said("hours", f"Hours of the day on the local clock, {span}."),
        said("clients", _of_clients(traffic)),
        *_of_latency(traffic, days),
    ]
    return tuple(found)


def of_outside(outside: int, requests: int, days: int) -> tuple[Evidence, ...]:
    """What is recorded of a model and lies outside the window, where there is such."""
    if not outside:
        return ()
    lie = "1 request lies" if outside == 1 else f"{outside:,} requests lie"
    sentence = f"{lie} outside the window and {'is' if outside == 1 else 'are'} in no figure; --all takes everything."
    return (Evidence("window.outside", requests, days, None, sentence),)


def too_few_for_capacity(requests: int) -> str:
    """Why a model with `requests` gets no count of replicas."""
    were = "1 request is" if requests == 1 else f"{requests:,} requests are"
    return f"{were} too few for a length bound, and so for a count of replicas."


def stated_for_another(model: str, used_for: str) -> str:
    """Why `model` gets no count of replicas where the one statement of the settings is used for `used_for`."""
    return (
        f"The table [capacity] of the settings is used for {used_for}, which has the most requests: what one replica "
        f'carries of {model}, and what runs of it today, belongs under [models."{model}".capacity].'
    )


def _of_rate(whole: HourlyShape, rate: Rate, days: int) -> Evidence:
    bins = whole.last // 1_000_000 - whole.first // 1_000_000 + 1
    if rate.dispersion_1s is None:
        burst = "one second says nothing about bursts"
    elif rate.dispersion_1s > 1:
        burst = f"variance is {rate.dispersion_1s:.3g} times the mean, so Poisson arrivals would be too optimistic"
    else:
        burst = "variance is not above the mean, so arrivals are no burstier than Poisson"
    sentence = (
        f"{bins:,} seconds from the first to the last request, empty ones counted; {burst}. A trend over the day "
        "counts as burstiness here."
    )
    return Evidence("rate", whole.requests, days, None, sentence)


def _cut_short(whole: HourlyShape) -> str:
    ended = whole.endings.not_completed
    return f" {ended:,} of the requests did not complete and count with what was seen of them." if ended else ""


def _of_clients(traffic: Traffic) -> str:
    if not traffic.callers:
        return "No request names its caller."
    return "The ten largest callers by requests; shares are of all requests, also those that name no caller."


_TIMES = {
    "ttft_ms": "All requests that had a first token; exact.",
    "tpot_ms": "Completed requests with two tokens or more; exact.",
    "e2e_ms": "Completed requests; exact.",
    "itl_ms": "Completed requests, weighted by tokens; interpolated inside the buckets of the records.",
}


def _of_latency(traffic: Traffic, days: int) -> tuple[Evidence, ...]:
    """A row for each recorded kind of time with the requests that have it, or the one that says that none was."""
    latency = traffic.latency
    if latency is None:
        return (Evidence("latency", 0, days, None, "The records hold no times."),)
    return tuple(
        Evidence(f"latency.{name}", traffic.timed.get(name, 0), days, None, sentence)
        for name, sentence in _TIMES.items()
        if getattr(latency, name) is not None
    )
