from collections.abc import Mapping
from functools import cache

from analyzer.advise.capacity import Objectives
from analyzer.analysis import Hour, ModelAnalysis
from analyzer.evidence import Evidence
from analyzer.report.blocks import Figure, Points
from analyzer.report.sections import of_model
from tests.unit.analyzer.report.analyses import (
    CALLERS,
    CAPACITY,
    LATENCY,
    NO_LIMITS,
    WEEK,
    capacity,
    model,
    prose,
    rate,
    text,
)


@cache
def said(one: ModelAnalysis) -> Mapping[str, str]:
    return {section.name: prose(section.blocks) for section in of_model(one, WEEK, "", 2)}


def test_every_section_has_its_own_anchor_and_the_asked_depth() -> None:
    sections = tuple(of_model(model(latency=LATENCY, clients=CALLERS, capacity=CAPACITY), WEEK, "m2-", 3))
    anchors = [section.name for section in sections]
    anchors += [block.name for section in sections for block in section.blocks if isinstance(block, Figure)]
    assert len(set(anchors)) == len(anchors)
    assert all(anchor.startswith("m2-") for anchor in anchors)
    assert {section.depth for section in sections} == {3}


def test_the_four_query_patterns_are_named_with_their_shares() -> None:
    for part in (
        "short in, short out | 43 %",
        "short in, long out | 8 %",
        "long in, short out | 24 %",
        "long in, long out | 25 %",
    ):
        assert part in said(model())["together"]


def test_the_limits_stand_beside_their_bounds_and_the_longest_request() -> None:
    assert "max_seq_len | prompt and answer together | 6,592 | 6,568 | 14,089" in said(model())["lengths"]


def test_limits_that_are_not_known_are_said_not_to_be_computed() -> None:
    lengths = said(model(lengths=NO_LIMITS))["lengths"]
    assert "max_seq_len | prompt and answer together | not computed | not computed | 14,089" in lengths
    assert "No limit yet. There are too few requests for a bound." in lengths


def test_the_peaks_are_told_with_their_time_and_the_two_laws() -> None:
    load = said(model())["load"]
    assert "The busiest second had 19, the busiest minute 502 (8.37 a second); it began Tue 10 Nov 2026, 18:43." in load
    short = said(model(rate=rate(mean_rps=9.0)))["load"]
    assert "the busiest minute 502; it began" in short, "of less than a whole minute no pace is told below the mean"
    assert "(Poisson), 95 % of seconds would stay at or below 9" in load
    assert "(negative binomial) it is 11; counted, it was 10" in load


def test_dispersion_is_said_in_words() -> None:
    assert "as if by chance" in said(model(rate=rate(dispersion_1s=1.0)))["load"]
    assert "somewhat more bunched" in said(model(rate=rate(dispersion_1s=1.33)))["load"]
    assert "a sizing by Poisson alone would be too small" in said(model(rate=rate(dispersion_1s=13.2)))["load"]
    assert "the mean hides the busy times" in said(model(rate=rate(dispersion_60s=26.5)))["load"]
    assert "came within one second" in said(model(rate=rate(dispersion_1s=None, dispersion_60s=None)))["load"]


def test_hours_that_were_not_seen_are_not_guessed() -> None:
    one_hour = tuple(Hour(h, *((9, 1, 2, 3, 4) if h == 5 else (0, None, None, None, None))) for h in range(24))
    day = said(model(hours=one_hour))["day"]
    assert "Requests came in 1 hour of the day only; what the others ask for is not known." in day
    assert "06:00 | 0 | – | – | – | –" in day


def test_latency_is_told_by_kind_and_what_is_missing_is_named() -> None:
    latency = said(model(latency=LATENCY))["latency"]
    assert "TTFT, time to first token | 180 ms | 420 ms | 520 ms | 900 ms | 2.1 s" in latency
    assert "Not computed, because no request recorded it: ITL." in latency
    assert said(model(latency=None))["latency"] == "Not computed: the records of this window hold no times."


def test_an_objective_for_a_time_that_was_not_recorded_is_not_drawn() -> None:
    wanted = capacity(objectives=Objectives(ttft_ms=500.0, itl_ms=40.0))
    latency = said(model(latency=LATENCY, capacity=wanted))["latency"]
    assert "Orange: the objective." in latency


def test_callers_are_listed_where_records_name_them() -> None:
    assert "6f1c | 60 %" in said(model(clients=CALLERS))["callers"]
    assert "callers" not in said(model(clients=None))


def test_the_capacity_is_reckoned_step_by_step() -> None:
    steps = said(model(capacity=CAPACITY))["capacity"]
    assert "Peak to carry: 31 requests a second" in steps
    assert "One replica carries 2.4 requests a second within TTFT 500 ms at p95" in steps
    assert "31 / 2.4 = 12.92 → 13: 13 replicas." in steps
    assert "13 × 2 GPUs a replica: 26 H100 GPUs, on 4 nodes." in steps
    assert "Cost: 65.00 an hour, or 0.920 per million tokens" in steps
    assert "Today 16 replicas with 32 GPUs run: 6 GPUs fewer." in steps


def test_a_minimum_or_spare_replica_is_not_passed_off_as_arithmetic() -> None:
    steps = said(model(capacity=capacity(replicas=20, gpus=40, rho_max=0.7, spare=1, change_gpus=1)))["capacity"]
    assert "31 / (2.4 × 0.7) = 18.45 → 19, + 1 spare = 20: 20 replicas." in steps
    assert "run: 1 GPU more." in steps


def test_what_is_not_stated_of_cost_and_today_is_left_out() -> None:
    bare = capacity(cost_per_hour=None, current=None, change_gpus=None)
    (section,) = (s for s in of_model(model(capacity=bare), WEEK, "", 2) if s.name == "capacity")
    (points,) = (block for block in section.blocks if isinstance(block, Points))
    assert points.numbered
    assert len(points.items) == 4


def test_without_a_throughput_the_capacity_section_says_which_setting_to_give() -> None:
    assert "give them as rps_per_replica under [capacity]" in said(model())["capacity"]


def test_a_stated_throughput_that_is_not_used_is_told_with_the_reason() -> None:
    told = said(model(evidence=(Evidence("capacity", 1, 1, None, "1 request is too few."),)))["capacity"]
    assert told == "Not computed. 1 request is too few."


def test_each_figure_comes_with_its_evidence() -> None:
    row = "lengths.max_seq_len | 20,000 | 7 | 6,345 to 6,568 | Order statistic 19,989 of 20,000."
    assert row in said(model())["evidence"]


def test_titles_are_plain_words() -> None:
    titles = [text(section.title) for section in of_model(model(), WEEK, "", 2)]
    assert titles[0] == "Which lengths come together"
