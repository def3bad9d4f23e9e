"""How two relays are compared with one."""

from dataclasses import replace
from pathlib import Path

from tests.bench.peers import Place, workers
from tests.bench.workers import HEAD, Share, rows

ONE = Share(
    workers=1, scenario="a", round=0, rate=10_000.0, relays_us=60.0, observer_us=30.0, rest_us=50.0, busy=1.4,
    foreign=0.0, cores=2, wrong=0,
)  # fmt: skip


def test_a_factor_compares_runs_of_the_same_round_so_that_a_slow_round_does_not_count() -> None:
    slow = replace(ONE, round=1, rate=5000.0)
    twos = [replace(each, workers=2, rate=each.rate * 1.5, busy=2.0) for each in (ONE, slow)]
    one, two = rows([ONE, twos[0], twos[1], slow])
    assert len(one) == len(two) == len(HEAD)
    assert one[:4] == ["1", "a", "7,500 (5,000–10,000)", "1.00"]
    assert two[:4] == ["2", "a", "11,250 (7,500–15,000)", "1.50"]
    assert two[4:] == ["60", "30", "50", "2.00 of 2"]


def test_answers_that_were_not_whole_stand_beside_the_rate() -> None:
    assert rows([replace(ONE, wrong=3)])[0][2] == "10,000 (10,000–10,000), 3 wrong"


def test_scenarios_stay_in_the_order_in_which_they_ran() -> None:
    found = [ONE, replace(ONE, scenario="b"), replace(ONE, workers=2), replace(ONE, scenario="b", workers=2)]
    assert [line[:2] for line in rows(found)] == [["1", "a"], ["2", "a"], ["1", "b"], ["2", "b"]]


def test_so_many_workers_are_started_as_an_operator_would(tmp_path: Path) -> None:
    peer = workers(2)
    assert peer.command is not None
    assert peer.command(Place((1, 2, 3), 4, tmp_path))[-2:] == ["--workers", "2"]
    assert (peer.name, peer.observer) == ("tokentide, 2 workers", "any core")
