"""The GenAI metrics follow the conventions: names, labels and what they leave out."""

import pytest

from exporter.observe.observation import Measurement
from exporter.sinks.snapshot import Labels, Snapshot
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, unread, whole

PLACE = ("engine", "8000")
STREAM_ONLY = (
    "gen_ai.client.operation.time_to_first_chunk",
    "gen_ai.client.operation.time_per_output_chunk",
    "gen_ai.server.time_to_first_token",
    "gen_ai.server.time_per_output_token",
)
DURATIONS = ("gen_ai.client.operation.duration", "gen_ai.server.request.duration")


def after(*measurements: Measurement, models: int = 50) -> Snapshot:
    store = Store(provider="openai", models=models)
    for measurement in measurements:
        store.accept(measurement)
    return store.snapshot()


def sums(snapshot: Snapshot, name: str) -> dict[Labels, tuple[int, float]]:
    return {labels: (series.count, series.sum) for labels, series in snapshot.family(name).distributions.items()}


def test_a_stream_adds_to_every_metric_under_the_same_labels() -> None:
    seen = after(streamed())
    common = ("chat", "openai", "llama", "llama-3", *PLACE)
    assert sums(seen, "gen_ai.client.token.usage") == {(*common, "input"): (1, 1000), (*common, "output"): (1, 5)}
    for name, expected in zip((*DURATIONS, *STREAM_ONLY), (0.11, 0.11, 0.03, 0.08, 0.03, 0.02), strict=True):
        assert sums(seen, name) == {(*common, ""): (3 if "chunk" in name and expected == 0.08 else 1, expected)}, name


@pytest.mark.parametrize("name", STREAM_ONLY)
def test_an_answer_in_one_piece_has_no_streaming_metric(name: str) -> None:
    assert sums(after(whole(ttft_us=1, tpot_us=1)), name) == {}


def test_responses_and_messages_are_chat() -> None:
    seen = after(whole(operation="responses"), whole(operation="messages"), whole())
    assert [count for count, _ in sums(seen, DURATIONS[0]).values()] == [3]


def test_paths_that_are_no_genai_operation_do_not_appear() -> None:
    seen = after(whole(operation="other"))
    assert all(not family.distributions for family in seen.families if family.metric.name.startswith("gen_ai."))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, ""),
        ({"error_type": "rate_limit_error", "http_status": 429}, "rate_limit_error"),
        ({"http_status": 503}, "503"),
        ({"outcome": "client_disconnect"}, "client_disconnect"),
        ({"outcome": "mid_stream_error", "error_type": "upstream_reset"}, "upstream_reset"),
    ],
)
def test_the_error_type_is_there_on_failure_only(changes: dict[str, object], error: str) -> None:
    for name in DURATIONS:
        assert [labels[-1] for labels in sums(after(whole(**changes)), name)] == [error]


def test_a_failure_without_a_duration_adds_nothing() -> None:
    assert sums(after(unread("upstream_error", None)), DURATIONS[0]) == {}


def test_pairs_of_asked_and_answered_models_are_bounded() -> None:
    seen = after(*(whole(response_model=f"answered-{i}") for i in range(20)), models=4)
    answered = {labels[3] for labels in sums(seen, DURATIONS[0])}
    assert len(answered) == 5
    assert "other" in answered
