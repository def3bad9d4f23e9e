from dataclasses import replace

from analyzer.advise.prices import ApiCost
from analyzer.advise.sized import Alternative, Expected, MemoryUse
from analyzer.cli.size_table import WIDTH, Asked, page
from tests.unit.analyzer.report.analyses import SIZED

ASKED = Asked("org/model", "NVIDIA H100", 2000, 200, 31, 12.9, 0.1)
START = "vllm serve org/model"


def test_the_answer_stands_under_the_questions() -> None:
    said = page(SIZED, ASKED, "One replica carries 12 requests/s.", START)
    assert "Which model?              org/model in bf16, 15.0 GiB of weights on each GPU" in said
    assert "Run                       3 GPUs: 3 replicas of 1 GPU on 1 node" in said
    assert "31 / 12 = 2.58 → 3" in said
    assert "2 to 4 replicas, as one may carry 8 to 17 requests/s" in said
    assert "TTFT 220 ms, ITL 30.0 ms, E2E 9.90 s" in said


def test_no_line_is_wider_than_a_terminal_but_those_of_the_table() -> None:
    said = page(SIZED, ASKED, "word " * 60, START).split("\n\n")
    assert all(len(line) <= WIDTH for part in said if " pp " not in part for line in part.splitlines())


def test_every_price_has_its_source_at_the_end() -> None:
    said = page(SIZED, ASKED, "", START)
    assert "Cost, on demand           9.60 USD an hour, 0.0940 per million tokens" in said
    assert "Price on demand: a page (read 2026-08-26)." in said
    assert "own GPUs are cheaper above 3.67 requests/s" in " ".join(said.split())


def test_an_api_that_is_always_cheaper_is_said_to_be() -> None:
    cheap = ApiCost("cheap", 1.0, 0.01, 80.0, "their page")
    said = page(replace(SIZED, hybrid=(cheap,)), ASKED, "", START)
    assert "cheaper than these GPUs at any load" in " ".join(said.split())


def test_the_mean_load_that_prices_are_at_is_told() -> None:
    said = " ".join(page(SIZED, ASKED, "", START).split())
    assert "Mean load 12.9 requests/s, as the busiest hour has 10 % of a day's requests (an assumption)" in said


def test_an_api_is_compared_with_no_less_than_the_peak_that_the_replicas_carry_together() -> None:
    cheap = ApiCost("cheap", 1.0, 0.01, 80.0, "their page")
    said = page(replace(SIZED, hybrid=(cheap,), peak_rps=77), ASKED, "", START)
    assert "at any load that they carry (up to 77 requests/s)" in " ".join(said.split())


def test_a_gpu_without_a_price_is_told() -> None:
    assert "no price of h100-sxm is known" in page(replace(SIZED, costs=(), hybrid=()), ASKED, "", START)


def test_what_could_be_missed_at_the_slow_end_is_told() -> None:
    assert "not bounded above" in page(replace(SIZED, replicas_interval=None), ASKED, "", START)


def test_the_values_that_are_shown_are_those_of_the_advice() -> None:
    assert isinstance(SIZED.expected, Expected)
    assert isinstance(SIZED.memory, MemoryUse)
    assert all(isinstance(one, Alternative) for one in SIZED.alternatives)
    assert "carries 28 % less per GPU" in page(SIZED, ASKED, "", START)


def test_the_command_that_starts_a_replica_stands_on_one_line_however_long() -> None:
    start = "vllm serve org/model " + "--option value " * 20
    assert f"Start each replica with:\n  {start}\n" in page(SIZED, ASKED, "", start)
