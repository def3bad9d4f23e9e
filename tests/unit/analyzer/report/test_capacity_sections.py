from dataclasses import replace

from analyzer.advise.sized import Deployment, FitError
from analyzer.evidence import Evidence
from analyzer.report.capacity_sections import capacity, goals
from tests.unit.analyzer.report.analyses import CAPACITY, SIZED, model, prose


def said(**changes: object) -> str:
    return prose(capacity(model(capacity=replace(SIZED, **changes))))  # type: ignore[arg-type]


def test_the_steps_lead_from_the_peak_to_the_gpus() -> None:
    text = said()
    assert "Peak to carry: 31 requests a second" in text
    assert "31 / 12 = 2.58 → 3: 3 replicas" in text
    assert "3 × 1 GPU a replica: 3 h100-sxm GPUs, on 1 node" in text


def test_every_figure_has_its_error_bars_and_its_source() -> None:
    text = said()
    assert "one replica carries 8 to 17 requests a second, which asks for 2 to 4 replicas" in text
    assert "Mean times without a queue give 12.6; with work always waiting it is 12.9" in text
    assert "by a roofline, arithmetic on the GPU's data sheet; confidence: step times ± 40 %" in text


def test_objectives_that_may_be_out_of_reach_are_said_to_be() -> None:
    text = said(replicas_interval=None)
    assert "The objectives may be out of reach." in text
    assert "With tp 8 and pp 1 they would be kept even then, with 8 GPUs." in text
    assert "even then" not in said(replicas_interval=None, alternatives=SIZED.alternatives[:1])


def test_what_requests_see_is_told_with_the_load_that_was_simulated() -> None:
    assert (
        "With 3 replicas in the hardest of 4 recorded hours, 95 of 100 requests see a TTFT of at most 220 ms" in said()
    )


def test_the_error_against_the_records_is_told_where_there_is_one() -> None:
    text = said(fit_error=FitError(0.12, 0.3))
    assert "misses the recorded latencies by 12 % at the median and 30 % at p95" in text
    assert "misses the recorded latencies" not in said()


def test_the_knobs_stand_by_the_names_that_people_type() -> None:
    text = said()
    for part in ("max_num_seqs | 1,024", "tp | 1", "chunked_prefill | on", "gpu_memory_utilization | 0.92"):
        assert part in text


def test_what_was_tried_stands_with_why_it_was_not_taken() -> None:
    text = said()
    assert "1 | 1 | 1,024 | 8,192 | 12 | 12 | 3 | 3 | 9.00 | 16 % | out of reach | advised" in text
    assert "8 | 1 | 1,024 | 8,192 | 69.1 | 8.64 | 1 | 8 | 24.00 | 123 % | 8 | carries 28 % less per GPU" in text
    assert "16 | 1 | – | – | – | – | – | – | – | – | – | tp 16 would span nodes." in text


def test_prices_and_apis_name_where_they_are_from() -> None:
    text = said()
    assert "on demand | 3.20 | 9.60 | 0.0940 | a page (read 2026-08-26)" in text
    assert (
        "an API | 33.76 | 0.330 | above 3.67 req/s on average | 2 replicas with 4 % of the requests at the API" in text
    )
    assert "Whom this can serve. Many." in text


def test_an_api_that_takes_less_for_everything_is_not_mixed_with_replicas() -> None:
    (dear,) = SIZED.hybrid
    assert "| all at the API: the best mix with replicas takes 7.80 an hour |" in said(
        hybrid=(replace(dear, per_hour=0.7),)
    )


def test_what_today_s_fleet_wastes_is_told_in_money() -> None:
    text = said(current=Deployment(8, 8, 25.6, 0.13), change_gpus=-5)
    assert "5 GPUs fewer; on average 13 % of what they carry is used, and the GPUs that are not needed cost 16" in text
    assert "no change" in said(current=Deployment(3, 3, None), change_gpus=0)


def test_a_stated_throughput_has_steps_and_nothing_that_was_not_computed() -> None:
    text = prose(capacity(model(capacity=CAPACITY)))
    assert "in the currency of the stated price" in text
    assert "Error bars" not in text


def test_without_an_advice_it_says_how_to_get_one_or_why_there_is_none() -> None:
    assert "Or give there gpu and a limit such as ttft_ms" in prose(capacity(model()))
    why = Evidence("capacity", 1, 1, None, "It does not fit.")
    assert prose(capacity(model(evidence=(why,)))) == "Not computed. It does not fit."


def test_goals_are_those_that_are_set() -> None:
    assert goals(CAPACITY.objectives) == {"TTFT": 500.0}
