"""A simulated GPU takes as long as its formula says, and shares its steps."""

import pytest
from engine_capacity import SimulatedTime, simulate
from scripted_engine.batching import Pool, Replica, Sequence, StepCost
from traffic import Row

COST = StepCost()


class Tokens:
    """Collects when each token came, in milliseconds."""

    def __init__(self, time: SimulatedTime) -> None:
        self._time = time
        self.at: list[float] = []

    def __call__(self, last: bool) -> None:
        self.at.append(self._time.now_ns() / 1e6)


def test_a_request_alone_takes_the_prefill_and_then_a_step_for_each_token() -> None:
    time = SimulatedTime()
    tokens = Tokens(time)
    Replica(time, COST).admit(Sequence(1000, 3, tokens))
    time.run()
    first = 4.44 + 0.01863 * 1000 + 6.2e-7 * 1000**2
    second = first + 6.63 + 0.0074 + 4.27e-5 * 1001
    assert tokens.at == pytest.approx([first, second, second + 6.63 + 0.0074 + 4.27e-5 * 1002], abs=1e-5)


def test_requests_that_run_together_get_their_tokens_at_the_end_of_the_same_step() -> None:
    time = SimulatedTime()
    replica, both = Replica(time, COST), [Tokens(time), Tokens(time)]
    for tokens in both:
        replica.admit(Sequence(500, 20, tokens))
    time.run()
    assert both[0].at[1:] == both[1].at[:-1]


def test_a_prompt_beyond_the_token_budget_is_prefilled_in_parts() -> None:
    time = SimulatedTime()
    tokens = Tokens(time)
    Replica(time, COST, max_batched_tokens=400).admit(Sequence(1000, 1, tokens))
    time.run()
    assert tokens.at == pytest.approx([COST.prefill_ms(0, 1000)], abs=1e-5)


def test_a_full_replica_lets_further_requests_wait() -> None:
    time = SimulatedTime()
    replica, first, second = Replica(time, COST, max_sequences=1), Tokens(time), Tokens(time)
    replica.admit(Sequence(10, 5, first))
    replica.admit(Sequence(10, 5, second))
    time.run()
    assert second.at[0] > first.at[-1]


def test_a_client_that_leaves_gets_no_more_tokens_and_frees_its_place() -> None:
    time = SimulatedTime()
    replica, tokens = Replica(time, COST), Tokens(time)
    sequence = Sequence(10, 1000, tokens)
    replica.admit(sequence)
    time.at(100_000_000, lambda: setattr(sequence, "left", True))
    time.run()
    assert 0 < len(tokens.at) < 20
    assert replica.outstanding == 0


def test_a_pool_gives_a_request_to_the_replica_with_the_fewest() -> None:
    time = SimulatedTime()
    pool = Pool(time, 3, COST)
    for _ in range(7):
        pool.admit(Sequence(10, 5, Tokens(time)))
    assert sorted(replica.outstanding for replica in pool.replicas) == [2, 2, 3]


def test_more_load_means_later_tokens() -> None:
    rows = [Row(0, "m", 1000, 100)]
    calm, busy = (simulate(rows, rate, 60, seed=1) for rate in (1, 20))
    assert sum(busy.ttft) / len(busy.ttft) > sum(calm.ttft) / len(calm.ttft)
    assert sum(busy.itl) / len(busy.itl) > sum(calm.itl) / len(calm.itl)
