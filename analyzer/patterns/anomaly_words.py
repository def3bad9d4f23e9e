"""What an anomaly was, in one sentence."""

HOUR_MINUTES = 60
MINUTE_US = 60_000_000


def of_surge(requests: int, expected: float, times: float, longer: float) -> str:
    """A surge of requests, of longer requests, or of both; `expected` requests are the median of the other days."""
    parts = []
    if times >= 1.5:
        parts.append(_more(requests, expected, times))
    if longer >= 1.5:
        parts.append(f"requests {longer:.1f} times as long (p90 of input and output together)")
    return f"{' and '.join(parts)} compared with the same hours of other days."


def of_storm(requests: int, expected: float, times: float, failed: float, length: int | None) -> str:
    """A retry storm; `failed` is the share (0..1) that did not complete, `length` the one that most of them have."""
    why = f"{100 * failed:.0f} % of them did not complete"
    if length is not None:
        why = f"most of what came on top has one and the same input length of {length:,} tokens"
    more = _more(requests, expected, times)
    return f"{more} compared with the same hours of other days, and {why}, as when a client retries."


def of_failures(requests: int, failed: int) -> str:
    """Hours in which most requests failed."""
    return f"{failed:,} of {requests:,} requests did not complete, where on other days few fail."


def of_silence(microseconds: int, expected: float) -> str:
    """A silence in which the emptiest other day had `expected` requests."""
    minutes = microseconds // MINUTE_US
    span = f"{minutes:,} minutes" if minutes < 2 * HOUR_MINUTES else f"{minutes / HOUR_MINUTES:,.1f} hours"
    return (
        f"No request for {span}, where each other day has {expected:,.0f} or more at that time: the endpoint or the "
        "sidecar was away, or nobody called."
    )


def _more(requests: int, expected: float, times: float) -> str:
    if expected < 1:
        return f"{requests:,} requests where none is usual"
    return f"{times:.1f} times as many requests ({requests:,}, where {expected:,.0f} are usual)"
