"""How many requests a KV cache holds at once, by what each of them is taken to hold."""

from collections.abc import Iterable


def at_mean(pool_tokens: float, context: float) -> int:
    """Requests where each holds the mean `context`, as engines have them that give out cache as it is used."""
    return int(pool_tokens // context)


def reserved(pool_tokens: float, isl: float, max_tokens: float) -> int:
    """Requests where each holds its input and all output it asked for (GUARANTEED_NO_EVICT), means of both."""
    return int(pool_tokens // (isl + max_tokens))


def guaranteed(pool_tokens: float, max_seq_len: float) -> int:
    """Requests of which each may grow to the limit."""
    return int(pool_tokens // max_seq_len)


def resident_context(requests: Iterable[tuple[float, float, float]]) -> float:
    """Tokens in the cache of a request that is there at a random moment, of (e2e, ISL, OSL) of each request.

    Σ e2e·(ISL + OSL/2) / Σ e2e: long requests stay longer, so the plain mean is too low. The unit of e2e does not
    matter. Raises `ValueError` where no request took any time.
    """
    weight = held = 0.0
    for e2e, isl, osl in requests:
        weight += e2e
        held += e2e * (isl + osl / 2)
    if weight <= 0:
        raise ValueError("no request took any time")
    return held / weight
