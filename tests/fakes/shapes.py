"""Shapes of traffic counted in plain Python from a list of requests: what the store yields, without a database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from analyzer.histogram import Histogram
from analyzer.shape import CELL, Endings, HourlyShape, Patterns, Peak, Thresholds

SECOND = 1_000_000
HOUR = 3600 * SECOND
Request = tuple[int, int, int]  # arrival in microseconds since the epoch, ISL, OSL


def shape(
    requests: Sequence[Request], thresholds: Thresholds | None = None, endings: Endings | None = None
) -> HourlyShape:
    """One shape of all `requests`, whatever hours they lie in."""
    limits = thresholds or Thresholds()
    arrivals = [at for at, _, _ in requests]
    kinds = Counter((isl > limits.isl, osl > limits.osl) for _, isl, osl in requests)
    seconds, tens = (Counter(at // (width * SECOND) for at in arrivals) for width in (1, 10))
    return HourlyShape(
        start=min(arrivals) // HOUR * HOUR,
        requests=len(requests),
        first=min(arrivals),
        last=max(arrivals),
        isl=histogram(isl for _, isl, _ in requests),
        osl=histogram(osl for _, _, osl in requests),
        total=histogram(isl + osl for _, isl, osl in requests),
        asked=histogram(()),
        max_tokens=histogram(()),
        grid=histogram(CELL * power(isl) + power(osl) for _, isl, osl in requests),
        seconds=histogram(seconds.values()),
        tens=histogram(tens.values()),
        by_minute=histogram(at // (60 * SECOND) for at in arrivals),
        in_flight=histogram(()),
        peak_second=fullest(seconds, SECOND),
        patterns=Patterns(kinds[False, False], kinds[False, True], kinds[True, False], kinds[True, True]),
        endings=endings or Endings(0, 0, 0),
    )


def hours(requests: Sequence[Request]) -> tuple[HourlyShape, ...]:
    """One shape for each UTC hour that has requests, in order of time."""
    by_hour: defaultdict[int, list[Request]] = defaultdict(list)
    for request in requests:
        by_hour[request[0] // HOUR].append(request)
    return tuple(shape(by_hour[start]) for start in sorted(by_hour))


def histogram(values: Iterable[int]) -> Histogram:
    """The counts of `values`."""
    return Histogram.of(Counter(values).items())


def power(length: int) -> int:
    """The smallest i with length ≤ 2^i."""
    return max(length - 1, 0).bit_length()


def fullest(counts: Counter[int], width: int) -> Peak:
    """The fullest bin, the first of equals."""
    index, requests = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return Peak(requests, index * width)
