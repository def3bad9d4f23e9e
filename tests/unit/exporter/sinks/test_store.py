"""The accumulator takes from several sides and gives snapshots that stay as they are."""

import threading
from dataclasses import dataclass, replace

import pytest

from exporter.catalog import DROP_REASONS, METRICS, REFUSAL_REASONS
from exporter.observe.trace import Trace
from exporter.sinks.snapshot import Exemplar, Snapshot
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, unread, whole


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request in flight."""

    model: str
    operation: str = "chat"
    stream: bool = True
    context: int = 100


def numbers(snapshot: Snapshot, name: str) -> dict[tuple[str, ...], float]:
    return dict(snapshot.family(f"tokentide_{name}").numbers)


def test_every_metric_of_the_catalogue_has_a_family_in_order() -> None:
    assert [family.metric for family in Store().snapshot().families] == list(METRICS)


def test_a_snapshot_does_not_change_afterwards() -> None:
    store = Store()
    store.accept(streamed())
    before = store.snapshot()
    store.accept(streamed())
    key = ("llama", "chat")
    assert before.family("tokentide_request_input_tokens").distributions[key].count == 1
    assert store.snapshot().family("tokentide_request_input_tokens").distributions[key].count == 2
    with pytest.raises(TypeError):
        before.family("tokentide_requests").numbers[key] = 5  # type: ignore[index] # that is the point


def test_models_beyond_the_limit_are_other() -> None:
    store = Store(models=2)
    for i in range(5):
        store.accept(whole(model=f"model-{i}"))
    assert {labels[0]: count for labels, count in numbers(store.snapshot(), "requests").items()} == {
        "model-0": 1,
        "model-1": 1,
        "other": 3,
    }


def test_models_that_only_failed_cannot_crowd_out_a_real_one() -> None:
    store = Store(models=4)
    for i in range(100):
        store.accept(whole(model=f"invented-{i}", http_status=404))
    store.accept(whole(model="real"))
    assert ("real", "chat", "completed", "2xx", "false") in numbers(store.snapshot(), "requests")


def test_requests_without_a_model_are_unknown() -> None:
    store = Store()
    store.accept(unread("refused", None))
    assert list(numbers(store.snapshot(), "requests")) == [("unknown", "chat", "refused", "none", "false")]


def test_requests_in_flight_are_summed_and_fall_to_zero() -> None:
    store = Store()
    store.set_in_flight([Waiting("a"), Waiting("a", stream=False, context=50), Waiting("")])
    seen = store.snapshot()
    assert numbers(seen, "requests_in_flight") == {("a", "chat"): 2, ("unknown", "chat"): 1}
    assert numbers(seen, "streams_in_flight") == {("a", "chat"): 1, ("unknown", "chat"): 1}
    assert numbers(seen, "context_tokens_in_flight") == {("a", "chat"): 150, ("unknown", "chat"): 100}
    store.set_in_flight([Waiting("a")])
    assert numbers(store.snapshot(), "requests_in_flight") == {("a", "chat"): 1, ("unknown", "chat"): 0}


def test_totals_of_several_relays_are_summed_and_a_later_total_replaces_an_earlier_one() -> None:
    store = Store()
    store.set_relay_totals("w0-1", 10, {"malformed_request": 1}, {"tap_full": 2})
    store.set_relay_totals("w1-1", 5, {}, {"tap_full": 1, "observer_lost": 3})
    store.set_relay_totals("w0-1", 12, {"malformed_request": 2}, {"tap_full": 2})
    seen = store.snapshot()
    assert numbers(seen, "forwarded_requests") == {(): 17}
    refused, dropped = numbers(seen, "refused_requests"), numbers(seen, "dropped_observations")
    assert refused[("malformed_request",)] == 2
    assert (dropped[("tap_full",)], dropped[("observer_lost",)]) == (3, 3)


def test_every_known_reason_has_its_series_from_the_start_so_that_a_rate_sees_the_first_event() -> None:
    seen = Store().snapshot()
    assert numbers(seen, "refused_requests") == {(reason,): 0 for reason in REFUSAL_REASONS}
    assert numbers(seen, "dropped_observations") == {(reason,): 0 for reason in DROP_REASONS}


def test_forwarded_requests_are_zero_before_a_relay_reports() -> None:
    assert numbers(Store().snapshot(), "forwarded_requests") == {(): 0}


def test_numbers_that_others_keep_are_read_at_each_snapshot() -> None:
    store = Store()
    written = [1]
    store.read_numbers("tokentide_records_written", lambda: {(): written[0]})
    assert numbers(store.snapshot(), "records_written") == {(): 1}
    written[0] = 7
    assert numbers(store.snapshot(), "records_written") == {(): 7}


def test_gauges_and_infos_are_set_whole() -> None:
    store = Store()
    store.set_numbers("tokentide_build_info", {("1.0", "3.11"): 1})
    store.set_numbers("tokentide_tokenizer_backlog_bytes", {("cl100k_base",): 10, ("bytes",): 1})
    store.set_numbers("tokentide_tokenizer_backlog_bytes", {("cl100k_base",): 5})
    assert numbers(store.snapshot(), "build_info") == {("1.0", "3.11"): 1}
    assert numbers(store.snapshot(), "tokenizer_backlog_bytes") == {("cl100k_base",): 5}


def test_unknown_names_and_wrong_labels_are_refused() -> None:
    store = Store()
    with pytest.raises(ValueError, match="no gauge or info named 'tokentide_requests'"):
        store.set_numbers("tokentide_requests", {})
    with pytest.raises(ValueError, match="has the labels"):
        store.set_numbers("tokentide_build_info", {("1.0",): 1})
    with pytest.raises(ValueError, match="no counter or gauge named 'tokentide_invented'"):
        store.read_numbers("tokentide_invented", dict)


def test_the_time_of_a_count_is_observed_under_its_tokenizer() -> None:
    store = Store()
    store.tokenizer_took("cl100k_base", 2_000_000)
    family = store.snapshot().family("tokentide_tokenizer_seconds")
    series = family.distributions[("cl100k_base",)]
    assert series.sum == 0.002
    assert family.metric.buckets[series.counts.index(1)] == 0.002


def test_threads_lose_no_observation() -> None:
    store = Store()
    measurement = streamed()

    def work() -> None:
        for _ in range(300):
            store.accept(measurement)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(20):
        seen = store.snapshot()
        isl = seen.family("tokentide_request_input_tokens").distributions.get(("llama", "chat"))
        total = seen.family("tokentide_request_total_tokens").distributions.get(("llama", "chat"))
        assert (isl and isl.count) == (total and total.count)
    for thread in threads:
        thread.join()
    assert numbers(store.snapshot(), "requests") == {("llama", "chat", "completed", "2xx", "true"): 1200}


def test_the_cost_of_all_relays_is_one_histogram_for_each_phase() -> None:
    store = Store()
    counts = [0] * 17
    store.set_added_latency("w0", {"chunk": ([1, *counts[1:]], 5_000)})
    store.set_added_latency("w1", {"chunk": ([2, 3, *counts[2:]], 70_000)})
    [(labels, series)] = store.snapshot().family("tokentide_added_latency_seconds").distributions.items()
    assert labels == ("chunk",)
    assert series.counts[:2] == (3, 3)
    assert series.sum == pytest.approx(75e-6)


def test_an_engine_is_down_when_any_relay_could_not_reach_it() -> None:
    store = Store()
    store.set_upstreams("w0", {"a": None, "b": None})
    store.set_upstreams("w1", {"a": "timeout"})
    assert numbers(store.snapshot(), "upstream_up") == {("a",): 0, ("b",): 1}
    store.set_upstreams("w1", {})
    assert numbers(store.snapshot(), "upstream_up") == {("a",): 1, ("b",): 1}


def series(snapshot: Snapshot) -> int:
    return sum(len(family.numbers) + len(family.distributions) for family in snapshot.families)


def named(snapshot: Snapshot, label: str) -> set[str]:
    """All values of a label."""
    found = set()
    for family in snapshot.families:
        if label in family.metric.labels:
            at = family.metric.labels.index(label)
            found |= {labels[at] for labels in (*family.numbers, *family.distributions)}
    return found


@pytest.mark.parametrize("status", [200, 404])
def test_ten_thousand_invented_names_make_no_more_series_than_the_limit_allows(status: int) -> None:
    store = Store(models=8, clients=8)

    def invent(start: int) -> None:
        for i in range(start, start + 5000):
            invented = {"model": f"m{i}", "response_model": f"r{i}", "client_id": f"c{i}", "operation": f"o{i % 7}"}
            store.accept(streamed(**invented, error_type=f"e{i}", http_status=status, finish_reason=f"f{i}"))
            store.set_in_flight([Waiting(f"flying-{i}", f"o{i}")])
            store.accept(whole(**{**invented, "operation": "chat"}, http_status=status))

    invent(0)
    before = series(store.snapshot())
    invent(5000)
    seen = store.snapshot()
    assert series(seen) == before < 700
    for label in ("model", "gen_ai_request_model", "gen_ai_response_model", "client"):
        assert len(named(seen, label)) <= 9, label
        assert "other" in named(seen, label)
    assert len(named(seen, "error_type")) <= 10, "eight, other, and none"
    assert named(seen, "operation") == {"chat", "other"}
    assert sum(numbers(seen, "requests").values()) == 20_000


def test_an_answer_under_ever_new_names_leaves_the_name_that_was_asked_for() -> None:
    store = Store(models=3)
    for i in range(100):
        store.accept(whole(response_model=f"answered-{i}"))
    family = store.snapshot().family("gen_ai.client.operation.duration")
    assert {labels[2] for labels in family.distributions} == {"llama"}
    assert {labels[3] for labels in family.distributions} == {"answered-0", "answered-1", "answered-2", "other"}


def test_two_long_names_are_a_pair_all_the_same() -> None:
    store = Store()
    store.accept(whole(model="m" * 128, response_model="r" * 128))
    [labels] = store.snapshot().family("gen_ai.client.operation.duration").distributions
    assert labels[2:4] == ("m" * 128, "r" * 128)


MARKED = (
    "tokentide_request_input_tokens", "tokentide_request_output_tokens",
    "tokentide_time_to_first_token_by_input_seconds", "gen_ai.server.time_to_first_token",
    "gen_ai.client.operation.time_to_first_chunk", "gen_ai.client.operation.duration", "gen_ai.server.request.duration",
)  # fmt: skip


def test_a_sampled_request_is_the_exemplar_of_its_lengths_and_times() -> None:
    store = Store()
    trace = Trace("ab" * 16, "cd" * 8, sampled=True)
    store.accept(replace(streamed(), trace=replace(trace, sampled=False)))
    assert not any(d.exemplars for family in store.snapshot().families for d in family.distributions.values())
    store.accept(replace(streamed(), trace=trace, duration_us=110_500))
    seen = store.snapshot()
    assert {f.metric.name for f in seen.families if any(d.exemplars for d in f.distributions.values())} == set(MARKED)
    [series_] = seen.family("tokentide_request_input_tokens").distributions.values()
    [exemplar] = series_.exemplars.values()
    assert exemplar == Exemplar(1000, "ab" * 16, "cd" * 8, streamed().record.timestamp + 110_500)
