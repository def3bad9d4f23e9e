"""What `/live` says follows from the snapshot, and its quantiles are estimates that stay within their bucket."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.admin.live import About, live, quantile
from exporter.catalog import BY_NAME, METRICS, Metric
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, unread, whole

ABOUT = About("1.2.3", "host")


@dataclass(frozen=True, slots=True)
class Series:
    """A histogram series."""

    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """A family with the series that a test gives it."""

    metric: Metric
    numbers: Mapping[tuple[str, ...], float] = field(default_factory=dict)
    distributions: Mapping[tuple[str, ...], Series] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moment:
    """A snapshot of given families; all others are empty."""

    given: Mapping[str, Given]

    def family(self, name: str) -> Given:
        return self.given.get(name, Given(BY_NAME[name]))


def test_before_any_traffic_everything_is_zero_or_absent() -> None:
    now = live(Store().snapshot(), ABOUT)
    assert (now.version, now.instance) == ("1.2.3", "host")
    assert (now.in_flight.requests, now.forwarded, now.records.written, now.records.lag_seconds) == (0, 0, 0, 0.0)
    assert not any((now.requests, now.refused_by_sidecar, now.dropped, now.unreadable, now.models, now.records.lost))


def test_requests_are_counted_by_outcome_and_by_model() -> None:
    store = Store()
    for measurement in (streamed(), whole(), whole(model="b", outcome="client_disconnect"), unread("refused", None)):
        store.accept(measurement)
    now = live(store.snapshot(), ABOUT)
    assert now.requests == {"completed": 2, "client_disconnect": 1, "refused": 1}
    assert {name: model.requests for name, model in now.models.items()} == {"llama": 2, "b": 1, "unknown": 1}
    assert now.models["unknown"].isl is None
    assert now.models["b"].itl_seconds is None
    assert now.models["llama"].ttft_seconds is not None


def test_the_counters_of_relays_and_recorder_are_shown_by_reason() -> None:
    store = Store()
    store.set_relay_totals("w0", 9, {"bad_request": 2}, {"tap_full": 3})
    store.read_numbers("tokentide_records_written", lambda: {(): 8})
    store.read_numbers("tokentide_records_lost", lambda: {("disk_full",): 1})
    store.set_numbers("tokentide_recorder_lag_seconds", {(): 12.3456})
    now = live(store.snapshot(), ABOUT)
    assert (now.forwarded, now.refused_by_sidecar, now.dropped) == (9, {"bad_request": 2}, {"tap_full": 3})
    assert (now.records.written, now.records.lost, now.records.lag_seconds) == (8, {"disk_full": 1}, 12.346)


def test_quantiles_are_taken_over_all_operations_of_a_model() -> None:
    metric = next(metric for metric in METRICS if metric.name == "tokentide_request_input_tokens")
    at = metric.buckets.index(128.0)
    chat, completion = [0] * (len(metric.buckets) + 1), [0] * (len(metric.buckets) + 1)
    chat[at], completion[at + 1] = 10, 10
    family = Given(
        metric, {}, {("m", "chat"): Series(tuple(chat)), ("m", "text_completion"): Series(tuple(completion))}
    )
    requests = Given(BY_NAME["tokentide_requests"], {("m", "chat", "completed", "2xx", "true"): 20})
    now = live(Moment({"tokentide_request_input_tokens": family, "tokentide_requests": requests}), ABOUT)
    isl = now.models["m"].isl
    assert isl is not None
    assert (isl.p50, isl.p90) == (128.0, 128.0 + 0.8 * 64)
    assert "estimated" in now.note


@pytest.mark.parametrize(
    ("counts", "share", "expected"),
    [
        ((4, 0, 0), 0.5, 5.0),
        ((4, 0, 0), 1.0, 10.0),
        ((0, 4, 0), 0.25, 12.5),
        ((2, 2, 0), 0.5, 10.0),
        ((0, 0, 3), 0.5, 20.0),
        ((0, 1, 0), 0.0, 0.0),
    ],
)
def test_a_quantile_is_interpolated_within_its_bucket(counts: tuple[int, ...], share: float, expected: float) -> None:
    assert quantile((10.0, 20.0), counts, share) == expected


@given(st.lists(st.integers(0, 50), min_size=4, max_size=4).filter(any), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_that_holds_its_rank(counts: list[int], share: float) -> None:
    bounds = (1.0, 2.0, 4.0)
    values = [upper for upper, count in zip((*bounds, 4.0), counts, strict=True) for _ in range(count)]
    true_upper = values[max(0, -int(-share * len(values) // 1) - 1)]
    lower = {1.0: 0.0, 2.0: 1.0, 4.0: 2.0}[true_upper]
    assert lower <= quantile(bounds, counts, share) <= true_upper


def test_more_observations_never_lower_a_higher_quantile_below_a_lower_one() -> None:
    counts = (3, 5, 9, 1)
    estimates = [quantile((1.0, 2.0, 4.0), counts, share / 100) for share in range(1, 101)]
    assert estimates == sorted(estimates)
