"""Arrivals turned into the load they ask for."""

from analyzer.demand.cells import Arrivals, Cell, Demand, InFlight, demand
from analyzer.demand.rate import (
    Bins,
    ClientShare,
    Rate,
    bins,
    client_shares,
    negative_binomial_p95,
    poisson_p95,
    rate,
    with_empty,
)
from analyzer.demand.weeks import Law, Week, Weeks, peaks, weeks

__all__ = [
    "Arrivals",
    "Bins",
    "Cell",
    "ClientShare",
    "Demand",
    "InFlight",
    "Law",
    "Rate",
    "Week",
    "Weeks",
    "bins",
    "client_shares",
    "demand",
    "negative_binomial_p95",
    "peaks",
    "poisson_p95",
    "rate",
    "weeks",
    "with_empty",
]
