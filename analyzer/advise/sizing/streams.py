"""Simulated streams of requests: a mix of lengths with arrivals of a rate and a burstiness."""

import numpy as np

from analyzer.advise.sizing.mix import Mix
from analyzer.replay import Requests

SECOND_US = 1e6
CHANCE = 1.0


def drawn(mix: Mix, rate: float, number: int, seed: int = 0, dispersion: float = CHANCE) -> Requests:
    """`number` requests of `mix` at `rate` requests per second.

    Gaps follow a gamma law whose counts have the dispersion (variance over mean) `dispersion` in the long run: squared
    coefficient of variation = dispersion; 1 is Poisson. One seed gives one sequence of lengths and of gaps, scaled by
    the rate, so that streams of different rates can be compared.
    """
    generator = np.random.default_rng(seed)
    places = generator.integers(0, len(mix.isl), number)
    gaps = generator.gamma(1 / dispersion, dispersion, number) / rate
    return _at(np.cumsum(gaps) * SECOND_US, mix, places)


def at_once(mix: Mix, number: int, seed: int = 0) -> Requests:
    """`number` requests of `mix` that are all there from the start: offline work."""
    places = np.random.default_rng(seed).integers(0, len(mix.isl), number)
    return _at(np.zeros(number), mix, places)


def _at(moments: np.ndarray, mix: Mix, places: np.ndarray) -> Requests:
    return Requests(
        arrival_us=np.rint(moments).astype(np.int64),
        isl=mix.isl[places],
        osl=mix.osl[places],
        max_tokens=mix.max_tokens[places],
        cached=mix.cached[places],
    )
