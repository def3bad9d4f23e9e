import dataclasses

from analyzer.analysis import ModelAnalysis
from analyzer.demand import ClientShare
from analyzer.evidence import Evidence
from analyzer.report.lead import cautions, first_paragraph, how_sure, tiles
from tests.unit.analyzer.report.analyses import (
    CAPACITY,
    NO_LIMITS,
    SIZED,
    WEEK,
    capacity,
    lengths,
    model,
    prose,
    rate,
    text,
)


def first(one: ModelAnalysis) -> str:
    return text(first_paragraph("chat-8b", one, WEEK).words)


def test_the_first_paragraph_says_what_came_and_when() -> None:
    assert "chat-8b received 20,000 requests from Mon 9 Nov to Sun 15 Nov 2026 (UTC)" in first(model())
    assert "5.53 a second on average, 8.37 a second in the busiest minute" in first(model())


def test_the_first_paragraph_names_the_limits_their_certainty_and_who_is_over() -> None:
    said = first(model())
    assert "Set max_input_len to 6,528 and max_seq_len to 6,592" in said
    assert "each is exceeded by no more than 0.1 % of requests, with 95 % certainty" in said
    assert "of those recorded, 0.05 % were longer than 6,592 in all (at most 0.08 % with the same certainty)" in said


def test_the_first_paragraph_names_the_replicas_with_the_peak_and_the_throughput_behind_them() -> None:
    said = first(model(capacity=CAPACITY))
    assert "Run 13 replicas (26 H100 GPUs): the peak to carry is 31 requests a second" in said
    assert "one replica carries 2.4 (stated, not checked against the records)" in said
    assert "That is 6 fewer than the 32 GPUs that run today." in said


def test_without_a_throughput_the_first_paragraph_says_which_setting_to_give() -> None:
    said = first(model())
    assert "How many replicas to run is not known" in said
    assert "give it as rps_per_replica under [capacity] in the settings file" in said
    assert "95 % of all seconds stay at or below 11 requests a second" in said


def test_a_stated_throughput_that_is_not_used_is_told_with_the_reason() -> None:
    one = model(evidence=(Evidence("capacity", 1, 1, None, "1 request is too few."),))
    assert "How many replicas to run is not known. 1 request is too few." in first(one)
    assert "rps_per_replica" not in first(one)


def test_as_many_gpus_as_today_are_said_to_be_as_many() -> None:
    assert "as many as the 32 GPUs that run today" in first(model(capacity=capacity(change_gpus=0)))
    assert "4 more than the 32 GPUs" in first(model(capacity=capacity(change_gpus=4)))


def test_too_few_requests_leave_the_limits_alone_and_say_how_many_it_takes() -> None:
    said = first(model(requests=200, lengths=NO_LIMITS, rate=rate(mean_rps=1.0)))
    assert "Keep the length limits you have" in said
    assert "takes 2,995 requests; at the recorded pace that is 50 minutes of traffic" in said
    assert "The longest request so far had 14,089 tokens" in said
    assert "Set max" not in said


def test_a_handful_of_requests_is_no_pace_to_count_on() -> None:
    assert "at the recorded pace" not in first(model(requests=3, lengths=NO_LIMITS))


def test_a_limit_that_the_model_keeps_below_its_bound_is_not_called_certain() -> None:
    said = first(model(lengths=lengths(max_seq_len=4096, max_input_len=4096)))
    assert "certainty;" not in said
    assert "the longest that the model allows, though requests ask for more" in said


def test_lengths_cut_off_by_a_limit_in_force_are_a_caution_that_says_why() -> None:
    why = Evidence("lengths.right_censored", 20_000, 7, None, "300 answers have exactly 217 tokens.")
    (caution,) = cautions(model(lengths=lengths(right_censored=True), evidence=(why,)))
    assert caution.tone == "caution"
    assert text(caution.words) == "Read the limits with care. 300 answers have exactly 217 tokens."


def test_a_surge_above_what_the_replicas_carry_is_a_caution_that_names_who_made_it() -> None:
    surge = rate(peak_60s=3000, peak_60s_client=ClientShare("6f1c", 0.753))
    (caution,) = cautions(model(rate=surge, capacity=CAPACITY))
    assert "50 requests a second (75.3 % of it from caller 6f1c), more than the 31.2 that 13 replicas" in text(
        caution.words
    )


def test_a_replica_on_its_own_is_a_caution_that_names_the_setting() -> None:
    (caution,) = cautions(model(capacity=capacity(replicas=1, rps_per_replica=31.0)))
    assert "No spare. With one replica nothing answers" in text(caution.words)
    assert "n_plus_one = true" in text(caution.words)


def test_a_profile_that_the_records_disprove_is_a_caution() -> None:
    told = Evidence("capacity.profile", 7200, 1, None, "The profile's max_model_len is 1,200: it is not what ran.")
    (caution,) = cautions(model(capacity=CAPACITY, evidence=(told,)))
    assert text(caution.words).startswith("Check the profile of today. The profile's max_model_len is 1,200")


def test_a_busy_minute_that_the_replicas_carry_is_no_caution() -> None:
    assert cautions(model(capacity=CAPACITY)) == ()


def test_headline_figures_that_are_not_known_say_so() -> None:
    said = prose((tiles(model(lengths=NO_LIMITS)),))
    assert said.count("not yet known") == 3
    assert "replicas not known give rps_per_replica" in said


def test_headline_figures_show_limits_peak_and_replicas() -> None:
    said = prose((tiles(model(capacity=CAPACITY)),))
    for part in (
        "max_input_len 6,528",
        "max_output_len 1,024",
        "max_seq_len 6,592",
        "31 req/s",
        "replicas 13 26 H100 GPUs",
    ):
        assert part in said


def test_how_sure_a_throughput_is_names_its_source_once() -> None:
    assert how_sure(CAPACITY) == "stated, not checked against the records"
    swept = dataclasses.replace(CAPACITY, source="sweep", confidence="high")
    assert how_sure(swept) == "by a benchmark's sweep; confidence: high"


def test_a_count_that_is_not_the_quotient_is_explained_by_the_hour_that_asks_for_it() -> None:
    hour = "the hour from 2025-03-03 11:00 (UTC), the hardest of 4 recorded hours"
    assert SIZED.expected is not None
    more = dataclasses.replace(SIZED, peak_rps=11.0, pooled=3, expected=dataclasses.replace(SIZED.expected, load=hour))
    said = first(model(capacity=more))
    assert f"By these two alone it would be 1, but {hour}, replayed as it came takes 3 behind one router" in said
    assert "By these two" not in first(model(capacity=SIZED))
