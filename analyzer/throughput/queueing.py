"""Waiting in queues where theory is exact: lower bounds that a simulated engine cannot stay below."""

import math


def erlang_c(servers: int, offered: float) -> float:
    """The share (0..1) of arrivals that wait in M/M/c, `offered` being arrival rate · mean service time.

    Reckoned by the recursion of Erlang B, so that nothing overflows. It is 1 where the load reaches the servers.
    Raises `ValueError` for less than one server or a load below zero.
    """
    if servers < 1 or offered < 0:
        raise ValueError(f"{servers} servers with a load of {offered} are no queue")
    if offered >= servers:
        return 1.0
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = offered * blocked / (server + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def mmc_wait(servers: int, rate: float, mean_service: float) -> float:
    """The mean wait before service in M/M/c, in the unit of `mean_service`; infinite at full load.

    `rate` is arrivals per that unit.
    """
    offered = rate * mean_service
    if offered >= servers:
        return math.inf
    return erlang_c(servers, offered) * mean_service / (servers - offered)


def mg1_wait(rate: float, mean_service: float, second_moment: float) -> float:
    """The mean wait before service in M/G/1 by Pollaczek and Khinchine: λ·E[S²] / (2·(1 - ρ)); infinite at full load.

    `rate` is arrivals per unit of `mean_service`, `second_moment` E[S²] in its square.
    """
    load = rate * mean_service
    if load >= 1:
        return math.inf
    return rate * second_moment / (2 * (1 - load))
