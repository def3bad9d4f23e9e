"""How runs become figures, ratios, targets and cells of a table."""

from dataclasses import replace

import pytest

from tests.bench.measure import Run
from tests.bench.own import Quantiles, between
from tests.bench.profiling import top
from tests.bench.scenarios import STALL, scenarios
from tests.bench.summary import Figure, Spread, figures
from tests.bench.table import number, own_rows, spread
from tests.bench.targets import verdicts

RUN = Run(
    peer="nginx", scenario="c", round=0, units=1000, seconds=2.0, relay_us=10.0, system=0.8, core=0.1, foreign=0.0,
    observer_us=None, p50_us=100.0, p99_us=300.0, first_p50_us=None, rss_idle_kb=1024, rss_kb=2048, observer_rss_kb=0,
)  # fmt: skip


def figure(runs: list[Run], peer: str) -> Figure:
    return next(each for each in figures(runs) if each.peer == peer)


def test_a_ratio_compares_runs_of_the_same_round_so_that_a_slow_round_does_not_count() -> None:
    nginx = [replace(RUN, round=number, relay_us=cpu) for number, cpu in enumerate((10.0, 20.0, 10.0))]
    ours = [replace(run, peer="tokentide", relay_us=(run.relay_us or 0) * 1.2) for run in nginx]
    found = figure(nginx + ours, "tokentide").cpu_ratio
    assert found is not None
    assert (found.low, found.median, found.high) == pytest.approx((1.2, 1.2, 1.2))


def test_added_latency_is_what_the_direct_way_of_the_round_does_not_have() -> None:
    direct = replace(RUN, peer="direct", relay_us=None, p50_us=20.0, p99_us=50.0)
    ours = replace(RUN, peer="tokentide", p50_us=140.0, p99_us=550.0)
    found = figure([direct, RUN, ours], "tokentide")
    assert found.added_p50 == Spread(120.0, 120.0, 120.0)
    assert found.added_p99 == Spread(500.0, 500.0, 500.0)
    assert found.p50_ratio == Spread(1.5, 1.5, 1.5)
    assert found.p99_ratio == Spread(2.0, 2.0, 2.0)


def test_a_round_in_which_nginx_did_not_run_has_no_ratio() -> None:
    assert figure([replace(RUN, peer="aiohttp", round=1), RUN], "aiohttp").cpu_ratio is None


def test_late_requests_are_neither_wrong_nor_given_up() -> None:
    found = figure([replace(RUN, wrong={"late": 7, "bad": 1, "broken": 2, "unfinished": 3})], "nginx")
    assert (found.wrong, found.unfinished) == (3, 3)


def test_a_target_is_met_up_to_its_limit_and_unknown_where_nothing_was_measured() -> None:
    ours = [replace(RUN, peer="tokentide", relay_us=cpu) for cpu in (12.5, 12.6)]
    met, missed = (verdicts(figures([RUN, run]), None) for run in ours)
    what = "CPU of a chunk, 200 streams"
    assert [next(each.met for each in found if each.what == what) for found in (met, missed)] == [True, False]
    assert next(each.met for each in met if each.what == "CPU of a 1 MB prompt") is None


def test_a_thousand_streams_must_all_arrive_and_all_be_observed() -> None:
    run = replace(RUN, peer="tokentide", scenario="e", units=89_000, exchanges=1000, dropped={"tap_full": 1})
    judged = {each.what: each for each in verdicts(figures([run]), 45_000.0)}
    assert judged["part of 45,000 chunks/s that did not arrive"].measured == pytest.approx(1 - 44_500 / 45_000)
    assert judged["part of 1,000 streams not observed"].met is False


def test_streams_last_longer_than_their_window_and_start_at_phases_that_all_differ() -> None:
    for scenario in (each for each in scenarios(1.5) if each.key in "ce"):
        options = dict(scenario.load)
        assert scenario.chunks * scenario.gap_us >= (options["warm_ms"] + options["run_ms"]) * 1000
        phases = {number * options["spread_us"] % scenario.gap_us for number in range(options["conns"])}
        assert len(phases) == options["conns"]


def test_the_stalled_stream_is_95_megabytes() -> None:
    assert STALL.chunks * 232 == pytest.approx(95e6, rel=0.01)


MARKS = (0.00005, 0.0001, 0.0002, float("inf"))


def test_own_quantiles_are_of_what_was_counted_between_two_readings() -> None:
    before = tuple(zip(MARKS, (1000, 1000, 1000, 1000), strict=True))
    after = tuple(zip(MARKS, (1000, 1080, 1100, 1100), strict=True))
    found = between(before, after)
    assert found is not None
    assert [found.p50_us, found.p99_us] == pytest.approx([81.25, 195.0])
    assert found.count == 100
    assert between(after, after) is None
    assert between((), ()) is None


def test_an_own_quantile_beyond_the_last_bound_is_that_bound() -> None:
    found = between((), tuple(zip(MARKS, (0, 0, 0, 10), strict=True)))
    assert found is not None
    assert found.p50_us == pytest.approx(200.0)


def test_the_own_measure_stands_beside_that_from_outside() -> None:
    own = {"chunk": Quantiles(60.0, 150.0, 1000)}
    direct = replace(RUN, peer="direct", p50_us=20.0, p99_us=50.0)
    ours = replace(RUN, peer="tokentide", p50_us=140.0, p99_us=550.0, own=own)
    paced = [each for each in scenarios(1.0) if each.offered]
    assert own_rows(paced, figures([direct, RUN, ours])) == [["tokentide", "c", "–", "–", "60 / 150", "120 / 500"]]


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1,234"), (123.4, "123"), (12.345, "12.3"), (0.123456, "0.123")])
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert number(value) == text


def test_a_spread_without_range_is_one_number() -> None:
    assert spread(Spread(2.0, 2.0, 2.0)) == "2"
    assert spread(Spread(2.0, 1.0, 3.0)) == "2 [dim]1–3[/]"
    assert spread(None) == "–"


def test_a_profile_names_what_functions_take_themselves_and_with_what_they_call() -> None:
    stacks = (
        "main (a.py:1);relay (a.py:2);write (libc) 30",
        "main (a.py:1);relay (a.py:2) 10",
        "main (a.py:1);idle (libc) 60",
    )
    lines = top("\n".join(stacks)).splitlines()
    assert " 30.0%  30.0%  write (libc)" in lines
    assert " 10.0%  40.0%  relay (a.py:2)" in lines
    assert not any(line.endswith("100.0%  main (a.py:1)") for line in lines)
