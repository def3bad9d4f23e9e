"""The potential of a prefix cache is counted in blocks."""

from exporter.observe.observation import Measurement
from exporter.sinks.prefixes import Prefixes
from exporter.sinks.store import Store
from tests.unit.exporter.sinks.measurements import streamed, unread

CHAT = ("llama", "chat")


def counted(*measurements: Measurement, remembered: int = 100) -> dict[tuple[str, ...], float]:
    prefixes = Prefixes(remembered)
    for measurement in measurements:
        prefixes.add(measurement, CHAT)
    return prefixes.counters[0].numbers()


def test_blocks_are_counted_by_whether_they_were_seen_before() -> None:
    measurements = [streamed(prefix_blocks=blocks) for blocks in ((1, 2), (1, 2, 3), (1, 9))]
    assert counted(*measurements) == {(*CHAT, "yes"): 3, (*CHAT, "no"): 4}


def test_both_series_begin_together() -> None:
    assert counted(streamed(prefix_blocks=(1,))) == {(*CHAT, "yes"): 0, (*CHAT, "no"): 1}


def test_requests_without_blocks_add_nothing() -> None:
    assert counted(streamed(prefix_blocks=()), streamed(), unread("upstream_error", None)) == {}


def test_what_an_engine_refused_is_in_no_cache() -> None:
    measurements = [streamed(prefix_blocks=(1,), http_status=429), streamed(prefix_blocks=(1,))]
    assert counted(*measurements) == {(*CHAT, "yes"): 0, (*CHAT, "no"): 1}


def test_the_store_publishes_them() -> None:
    store = Store(prefix_blocks=10)
    store.accept(streamed(prefix_blocks=(1, 2)))
    store.accept(streamed(prefix_blocks=(1, 2)))
    assert dict(store.snapshot().family("tokentide_prefix_blocks").numbers) == {(*CHAT, "yes"): 2, (*CHAT, "no"): 2}
