"""What one finished request adds to the metrics of the OpenTelemetry GenAI conventions."""

from exporter.observe.observation import Measurement
from exporter.record import RequestRecord
from exporter.sinks.facts import MICROSECONDS, NANOSECONDS, failure, known, streamed, succeeded
from exporter.sinks.families import Histogram, Mark
from exporter.sinks.labels import LONGEST, OTHER, Bounded, gen_ai_operation, server
from exporter.sinks.snapshot import Labels


class GenAi:
    """The `gen_ai.*` metrics; operations that the conventions do not name add nothing.

    `provider` is the value of `gen_ai.provider.name`. The pairs of asked and answered model are bounded by `models`.
    """

    def __init__(self, provider: str, models: int) -> None:
        self._provider = provider
        self._pairs = Bounded(models, 2 * LONGEST + 1)
        self._errors = Bounded(models)
        self._servers: dict[str, tuple[str, str]] = {}
        self._tokens = Histogram("gen_ai.client.token.usage")
        self._durations = (
            Histogram("gen_ai.client.operation.duration"),
            Histogram("gen_ai.server.request.duration"),
        )
        self._firsts = (
            Histogram("gen_ai.client.operation.time_to_first_chunk"),
            Histogram("gen_ai.server.time_to_first_token"),
        )
        self._chunk = Histogram("gen_ai.client.operation.time_per_output_chunk")
        self._per_token = Histogram("gen_ai.server.time_per_output_token")
        self.histograms = (self._tokens, *self._durations, *self._firsts, self._chunk, self._per_token)

    def add(self, measurement: Measurement, model: str, mark: Mark | None = None) -> None:
        """Adds one request; `model` is the bounded name that was asked for, empty where it is not known."""
        record = measurement.record
        operation = gen_ai_operation(record.operation)
        if operation is None:
            return
        common = self._common(record, operation, model)
        labels = (*common, self._error(record))
        for kind, tokens in (("input", known(record.input_tokens)), ("output", known(record.output_tokens))):
            if tokens is not None:
                self._tokens.observe((*common, kind), tokens)
        if record.e2e_us is not None:
            for histogram in self._durations:
                histogram.observe(labels, record.e2e_us / MICROSECONDS, mark)
        if streamed(record):
            self._add_stream(measurement, labels, mark)

    def _add_stream(self, measurement: Measurement, labels: Labels, mark: Mark | None) -> None:
        record = measurement.record
        if record.ttft_us is not None:
            for histogram in self._firsts:
                histogram.observe(labels, record.ttft_us / MICROSECONDS, mark)
        if record.tpot_us is not None:
            self._per_token.observe(labels, record.tpot_us / MICROSECONDS)
        if len(measurement.waits_ns):
            self._chunk.cell(labels).observe_all((measurement.waits_ns / NANOSECONDS).tolist())

    def _common(self, record: RequestRecord, operation: str, model: str) -> Labels:
        answered = record.response_model or ""
        pair = self._pairs.label(f"{model}\n{answered}", proven=succeeded(record))
        if pair == OTHER:  # the name that was asked for is bounded already
            answered = OTHER if answered else ""
        place = self._servers.get(record.upstream)
        if place is None:
            place = self._servers[record.upstream] = server(record.upstream)
        return (operation, self._provider, model, answered, *place)

    def _error(self, record: RequestRecord) -> str:
        error = failure(record)
        return self._errors.label(error, proven=True) if error else ""
