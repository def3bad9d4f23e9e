"""What one finished request adds to our own metrics follows the definitions of the catalogue."""

import pytest

from exporter.observe.observation import Measurement
from exporter.sinks.facts import failure, known, succeeded
from exporter.sinks.snapshot import Labels, Snapshot
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import STREAMED, steps, streamed, unread, whole

CHAT = ("llama", "chat")


def after(*measurements: Measurement) -> Snapshot:
    store = Store(isl_threshold=1024, osl_threshold=256)
    for measurement in measurements:
        store.accept(measurement)
    return store.snapshot()


def numbers(snapshot: Snapshot, name: str) -> dict[Labels, float]:
    return dict(snapshot.family(f"tokentide_{name}").numbers)


def sums(snapshot: Snapshot, name: str) -> dict[Labels, tuple[int, float]]:
    family = snapshot.family(f"tokentide_{name}")
    return {labels: (series.count, series.sum) for labels, series in family.distributions.items()}


def test_lengths_are_observed_once_per_request() -> None:
    seen = after(streamed())
    assert sums(seen, "request_input_tokens") == {CHAT: (1, 1000)}
    assert sums(seen, "request_output_tokens") == {CHAT: (1, 5)}
    assert sums(seen, "request_total_tokens") == {CHAT: (1, 1005)}
    assert sums(seen, "request_max_tokens") == {CHAT: (1, 64)}


def test_the_matrix_counts_the_cell_whose_edges_close_on_the_lengths() -> None:
    seen = after(streamed(input_tokens=1024, output_tokens=1025), streamed(input_tokens=2**20 + 1, output_tokens=1))
    assert numbers(seen, "isl_osl_requests") == {(*CHAT, "1024", "2048"): 1, (*CHAT, "+Inf", "1"): 1}


@pytest.mark.parametrize(
    ("isl", "osl", "pattern"),
    [(1024, 256, "short_short"), (1024, 257, "short_long"), (1025, 256, "long_short"), (1025, 257, "long_long")],
)
def test_long_means_strictly_above_the_threshold(isl: int, osl: int, pattern: str) -> None:
    seen = after(streamed(input_tokens=isl, output_tokens=osl))
    assert numbers(seen, "query_pattern_requests") == {(*CHAT, pattern): 1}


def test_embeddings_have_lengths_and_stay_out_of_the_distribution_of_input_and_output() -> None:
    seen = after(whole(operation="embeddings", output_tokens=0, max_tokens=None))
    assert sums(seen, "request_input_tokens") == {("llama", "embeddings"): (1, 1000)}
    assert sums(seen, "request_output_tokens") == {("llama", "embeddings"): (1, 0)}
    assert numbers(seen, "isl_osl_requests") == numbers(seen, "query_pattern_requests") == {}


def test_a_request_of_which_nothing_is_known_appears_among_the_ended_only() -> None:
    seen = after(unread("upstream_error", None))
    with_series = {family.metric.name for family in seen.families if family.numbers or family.distributions}
    assert numbers(seen, "requests") == {("unknown", "chat", "upstream_error", "none", "false"): 1}
    assert with_series == {
        "tokentide_requests",
        # the relay's own counters are there from the beginning
        "tokentide_refused_requests",
        "tokentide_dropped_observations",
        "tokentide_forwarded_requests",
    }


def test_itl_is_weighted_by_tokens_and_split_by_position() -> None:
    seen = after(streamed())
    family = seen.family("tokentide_inter_token_latency_seconds")
    series = family.distributions[(*CHAT, "1-16")]
    by_bound = {bound: count for bound, count in zip(family.metric.buckets, series.counts, strict=False) if count}
    assert by_bound == {0.01: 2, 0.02: 1, 0.04: 1}
    assert series.sum == pytest.approx(0.08)


def test_the_position_of_an_interval_chooses_its_series() -> None:
    gaps = steps(*((1_000_000, 1, position) for position in (2, 16, 17, 256, 257, 4096, 4097)))
    seen = after(Measurement(STREAMED, steps=gaps))
    counted = {labels[2]: count for labels, (count, _) in sums(seen, "inter_token_latency_seconds").items()}
    assert counted == {"1-16": 2, "17-64": 1, "65-256": 1, "257-1024": 1, "1025-4096": 1, "4097+": 1}


def test_streams_have_first_and_second_tokens_and_chunks() -> None:
    seen = after(streamed())
    assert sums(seen, "time_to_first_token_by_input_seconds") == {(*CHAT, "1024"): (1, 0.03)}
    assert sums(seen, "time_to_first_answer_token_seconds") == {CHAT: (1, 0.04)}
    assert sums(seen, "time_to_second_token_seconds") == {CHAT: (1, 0.02)}
    assert sums(seen, "tokens_per_chunk") == {CHAT: (4, 5)}


def test_an_answer_in_one_piece_adds_to_no_streaming_metric() -> None:
    seen = after(whole(ttft_us=30_000, ttfa_us=30_000, tpot_us=1))
    for name in (
        "time_to_first_token_by_input_seconds",
        "time_to_first_answer_token_seconds",
        "time_to_second_token_seconds",
        "inter_token_latency_seconds",
        "tokens_per_chunk",
    ):
        assert sums(seen, name) == {}, name


def test_an_engine_that_streams_without_being_asked_is_measured_as_a_stream() -> None:
    assert sums(after(streamed(stream=False)), "time_to_second_token_seconds") == {CHAT: (1, 0.02)}


def test_tokens_for_a_client_that_left_are_wasted() -> None:
    assert numbers(after(streamed()), "wasted_output_tokens") == {}
    assert numbers(after(streamed(outcome="client_disconnect")), "wasted_output_tokens") == {CHAT: 5}


def test_sources_are_counted_for_each_side() -> None:
    seen = after(streamed(output_source="estimate"))
    assert numbers(seen, "token_count_source") == {(*CHAT, "input", "usage"): 1, (*CHAT, "output", "estimate"): 1}


def test_own_counts_are_compared_with_the_servers_where_both_exist() -> None:
    seen = after(streamed(), streamed(input_tokens=980, output_source="tokenizer"))
    assert sums(seen, "token_count_mismatch_tokens") == {
        (*CHAT, "input", "under"): (1, 10),
        (*CHAT, "input", "over"): (1, 10),
        (*CHAT, "output", "equal"): (1, 0),
    }


def test_what_no_dialect_could_read_is_counted_once_for_each_reason() -> None:
    seen = after(Measurement(STREAMED, failures=("malformed", "malformed", "too_long")))
    assert numbers(seen, "unreadable_exchanges") == {("malformed",): 1, ("too_long",): 1}


def test_negative_counts_from_a_strange_engine_count_as_unknown() -> None:
    seen = after(streamed(input_tokens=-5, output_tokens=-1, max_tokens=-1, outcome="client_disconnect"))
    for name in ("request_input_tokens", "request_output_tokens", "request_total_tokens", "request_max_tokens"):
        assert sums(seen, name) == {}
    assert numbers(seen, "wasted_output_tokens") == numbers(seen, "token_count_source") == {}
    assert known(0) == 0


def test_success_is_an_answer_without_an_error_status() -> None:
    assert [succeeded(unread("completed", status).record) for status in (200, 399, 400, 500, None)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_the_parts_of_a_prompt_are_summed_and_an_empty_one_has_no_series() -> None:
    seen = after(
        whole(system_tokens=10, history_tokens=0, user_tokens=5, tool_tokens=None),
        whole(system_tokens=10, user_tokens=7, tool_tokens=30),
    )
    assert numbers(seen, "prompt_part_tokens") == {
        (*CHAT, "system"): 20, (*CHAT, "user"): 12, (*CHAT, "tools"): 30,
    }  # fmt: skip


def test_clients_have_no_series_unless_asked_for() -> None:
    seen = after(whole(client_id="a1"))
    assert not seen.family("tokentide_client_requests").numbers
    assert not seen.family("tokentide_client_tokens").numbers


def test_clients_that_were_asked_for_are_counted_and_bounded() -> None:
    store = Store(clients=2)
    for client in ("a", "b", "c", "d", None, "a"):
        store.accept(whole(client_id=client))
    seen = store.snapshot()
    assert dict(seen.family("tokentide_client_requests").numbers) == {
        ("a", "llama", "chat"): 2, ("b", "llama", "chat"): 1, ("other", "llama", "chat"): 2,
    }  # fmt: skip
    assert seen.family("tokentide_client_tokens").numbers[("a", "llama", "chat", "input")] == 2000
    assert seen.family("tokentide_client_tokens").numbers[("a", "llama", "chat", "output")] == 10


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, ""),
        ({"http_status": 429, "error_type": "rate_limit"}, "rate_limit"),
        ({"outcome": "upstream_error", "http_status": 503}, "503"),
        ({"outcome": "client_disconnect"}, "client_disconnect"),
    ],
)
def test_a_failure_is_named_by_the_best_word_that_there_is(changes: dict[str, object], error: str) -> None:
    assert failure(whole(**changes).record) == error
