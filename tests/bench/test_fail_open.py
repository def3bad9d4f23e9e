"""How traffic beside an observer in trouble is compared with traffic beside one that works."""

import os
import subprocess
import sys
from dataclasses import replace

from tests.bench import processes
from tests.bench.fail_open import CONTROL, HEAD, LOST, UNDISTURBED, Account, lost, rows, verdicts
from tests.bench.measure import Run
from tests.bench.soak.account import Terms

KILLED, STOPPED = "killed", "stopped"
RUN = Run(
    peer=UNDISTURBED, scenario="c", round=0, units=1000, seconds=2.0, relay_us=30.0, system=0.8, core=0.1, foreign=0.0,
    observer_us=None, p50_us=100.0, p99_us=400.0, first_p50_us=None, rss_idle_kb=1024, rss_kb=2048, observer_rss_kb=0,
)  # fmt: skip


def test_a_ratio_compares_runs_of_the_same_round_so_that_a_slow_round_does_not_count() -> None:
    slow = replace(RUN, round=1, p99_us=4000.0)
    killed = [replace(each, peer=KILLED, p99_us=(each.p99_us or 0) * 1.1) for each in (RUN, slow)]
    undisturbed, disturbed = rows([RUN, killed[0], killed[1], slow])
    assert len(undisturbed) == len(disturbed) == len(HEAD)
    assert undisturbed[:2] == [UNDISTURBED, "c"]
    assert disturbed == [KILLED, "c", "100", "2,420", "1.00 (1.00–1.00)", "1.10 (1.10–1.10)", "30", "2"]


def test_answers_that_were_not_whole_stand_in_the_row() -> None:
    assert rows([replace(RUN, wrong={"broken": 2, "late": 9})])[0][-2] == "30, 2 wrong"


def test_the_target_is_met_up_to_a_fifth_more_and_said_of_each_condition() -> None:
    found = [RUN, replace(RUN, peer=STOPPED, p99_us=480.0), replace(RUN, peer=KILLED, p99_us=481.0)]
    assert [(each.what, each.met) for each in verdicts(found)] == [
        ("p99 in c, observer killed", False),
        ("p99 in c, observer stopped", True),
    ]


def test_the_control_shows_the_noise_and_is_not_judged() -> None:
    noisy = replace(RUN, peer=CONTROL, p99_us=900.0)
    assert verdicts([RUN, noisy]) == []
    assert rows([RUN, noisy])[1][5] == "2.25 (2.25–2.25)"


def test_what_was_lost_is_summed_over_rounds_and_what_nobody_counted_stands_out() -> None:
    terms = Terms(
        forwarded=100, in_flight=0, dropped={"tap_full": 7}, refused={}, written=90, lost={"disk_full": 3}, rows=90,
        rows_now=90,
    )  # fmt: skip
    whole, torn = Account(STOPPED, 0, terms), Account(STOPPED, 1, replace(terms, rows=88))
    shown = lost([whole, torn])
    assert [len(row) for row in shown] == [len(LOST)]
    assert shown == [[STOPPED, "200", "178", "tap_full 14", "disk_full 6", "2"]]


def test_a_condition_whose_round_has_no_undisturbed_run_is_not_judged() -> None:
    assert verdicts([RUN, replace(RUN, peer=STOPPED, round=1)]) == []


def test_the_children_of_a_process_are_found_as_long_as_they_live() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in processes.children(os.getpid())
    assert child.pid not in processes.children(os.getpid())
    assert processes.children(child.pid) == []
