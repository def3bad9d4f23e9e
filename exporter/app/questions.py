"""What the sidecar knows of its engines' limits and asks them by itself, put together from the settings."""

import ssl
from collections.abc import Mapping
from functools import partial
from typing import Final

from exporter.catalog import ENGINE_RESULTS
from exporter.engines.ask import get
from exporter.engines.load import Load
from exporter.engines.watch import LIMITS, METRICS, Engine, Rounds, Watch
from exporter.proxy.relay import address
from exporter.proxy.tls import Files, for_engine
from exporter.settings import Settings
from exporter.sinks.limits import KnownLimits
from exporter.sinks.snapshot import Labels
from exporter.sinks.store import Store

_GAUGES: Final = {
    "tokentide_engine_requests_running": "running",
    "tokentide_engine_requests_waiting": "waiting",
    "tokentide_engine_kv_cache_usage_ratio": "kv_usage",
    "tokentide_engine_kv_cache_tokens": "kv_tokens",
}


def known_limits(settings: Settings) -> KnownLimits:
    """The limits of the settings, to which engines may add."""
    rules = [
        (
            rule.models,
            {name: tokens for name, tokens in rule.model_dump(exclude={"models"}).items() if tokens is not None},
        )
        for rule in settings.engine_limits
    ]
    return KnownLimits(rules)


def begin(settings: Settings, store: Store, limits: KnownLimits) -> tuple[Rounds, ...]:
    """Publishes the limits and starts what the settings ask for, which is nothing by default. Raises Unusable."""
    store.read_numbers("tokentide_engine_limit_tokens", limits.series)
    asks = settings.questions
    kinds = {LIMITS: asks.limits_seconds, METRICS: asks.metrics_seconds}
    if not any(kinds.values()):
        return ()
    secured = any(url.startswith("https:") for engine in settings.engines for url in (engine.url, engine.metrics_url))
    tls = for_engine(Files(**settings.upstream_tls.model_dump()), wanted=secured)
    engines = [Engine(each.name, str(address(each.url)), each.url, each.metrics_url) for each in settings.engines]
    watch = Watch(engines, partial(_get, timeout=asks.timeout_seconds, tls=tls), limits.tell)
    _publish(store, watch, [(engine.name, kind) for engine in engines for kind, seconds in kinds.items() if seconds])
    calls = {LIMITS: watch.ask_limits, METRICS: watch.ask_load}
    rounds = tuple(Rounds(f"engine {kind}", seconds, calls[kind]) for kind, seconds in kinds.items() if seconds)
    for each in rounds:
        each.start()
    return rounds


def _get(url: str, path: str, most: int, *, timeout: float, tls: ssl.SSLContext | None) -> bytes:
    return get(url, path, timeout, most, tls)


def _publish(store: Store, watch: Watch, asked: list[tuple[str, str]]) -> None:
    for name, figure in _GAUGES.items():
        store.read_numbers(name, partial(_gauge, watch, figure))
    none: dict[Labels, float] = {(*each, result): 0 for each in asked for result in ENGINE_RESULTS}
    store.read_numbers("tokentide_engine_questions", lambda: none | dict(watch.asked.copy()))


def _gauge(watch: Watch, figure: str) -> Mapping[Labels, float]:
    loads: Mapping[str, Load] = watch.loads.copy()
    values = {(name,): getattr(load, figure) for name, load in loads.items()}
    return {labels: value for labels, value in values.items() if value is not None}
