"""The export by OTLP, put together from the settings; nothing of OpenTelemetry is loaded where there is none."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from exporter import __version__
from exporter.app.headers import header_values
from exporter.catalog import OTLP_RESULTS
from exporter.errors import Unusable
from exporter.observe.observation import Sink
from exporter.settings import OtlpExport, Settings
from exporter.sinks.courier import Courier
from exporter.sinks.sampling import Sampling
from exporter.sinks.store import Store

if TYPE_CHECKING:
    from exporter.sinks.otlp import Endpoint

_log = logging.getLogger("tokentide")
_SPANS_SECONDS: Final = 2.0
_LAST_SECONDS: Final = 10.0
"""How long the last export may take when the sidecar ends."""


@dataclass(frozen=True, slots=True)
class Export:
    """What runs: a courier for each signal, and the sink that makes spans."""

    couriers: Mapping[str, Courier]
    sinks: tuple[Sink, ...] = ()

    def stop(self) -> None:
        """Exports a last time; takes seconds at most."""
        for courier in self.couriers.values():
            courier.stop(_LAST_SECONDS)


def sampling(otlp: OtlpExport) -> Sampling:
    """Which traces are kept: without spans of our own, those alone that a client keeps."""
    return Sampling(otlp.sample_ratio if otlp.endpoint and otlp.traces else 0.0)


def begin(settings: Settings, store: Store, kept: Sampling) -> Export:
    """Starts to export what the settings ask for; a header without a value is a warning, and nothing is exported."""
    otlp = settings.otlp
    if not otlp.endpoint:
        return Export({})
    try:
        headers = header_values(otlp.headers)
    except Unusable as error:
        _log.warning("Nothing is exported by OTLP: %s", error)
        return Export({})
    from exporter.sinks.otlp import Endpoint  # noqa: PLC0415 - 10 MB and a tenth of a second for OpenTelemetry

    export = _signals(settings, store, kept, Endpoint(otlp.endpoint, otlp.protocol, otlp.timeout_seconds, headers))
    store.read_numbers("tokentide_otlp_exports", lambda: _counted(export.couriers))
    for courier in export.couriers.values():
        courier.start()
    _log.info("Exporting %s to %s by OTLP.", " and ".join(export.couriers) or "nothing", otlp.endpoint)
    return export


def _signals(settings: Settings, store: Store, kept: Sampling, endpoint: "Endpoint") -> Export:
    from exporter.sinks import otlp, otlp_spans  # noqa: PLC0415 - loaded already, see above

    wanted = settings.otlp
    about, reasons = otlp.resource(settings.instance, __version__), otlp.Reasons()
    couriers: dict[str, Courier] = {}
    sinks: tuple[Sink, ...] = ()
    if wanted.metrics:
        exporter = otlp.metric_exporter(endpoint)
        delta = wanted.temporality == "delta"
        deliver = otlp.MetricsExport(exporter, store.snapshot, about, __version__, delta=delta)
        couriers["metrics"] = Courier("metrics", wanted.interval_seconds, deliver, reasons.latest, exporter.shutdown)
    if wanted.traces:
        spans = otlp_spans.Spans(settings.provider, kept, about, __version__)
        to = otlp.span_exporter(endpoint)
        interval = min(wanted.interval_seconds, _SPANS_SECONDS)
        couriers["traces"] = Courier("spans", interval, otlp.SpansExport(to, spans), reasons.latest, to.shutdown)
        store.read_numbers("tokentide_otlp_spans_dropped", lambda: {(): spans.dropped})
        sinks = (spans,)
    return Export(couriers, sinks)


def _counted(couriers: Mapping[str, Courier]) -> Mapping[tuple[str, ...], float]:
    return {
        (signal, result): count
        for signal, courier in couriers.items()
        for result, count in zip(OTLP_RESULTS, (courier.exported, courier.failed), strict=True)
    }
