"""What one finished request adds to our own metrics."""

import numpy as np

from exporter.catalog import ISL_BANDS, MATRIX_EDGES, POSITION_LABELS, POSITIONS, PROMPT_PARTS, SIDES
from exporter.observe.observation import Measurement, Steps
from exporter.record import RequestRecord
from exporter.sinks.families import Counter, Histogram, Mark
from exporter.sinks.labels import Bounded, cell, status_class
from exporter.sinks.snapshot import Labels

MICROSECONDS = 1e6
NANOSECONDS = 1e9

_POSITIONS = np.array(POSITIONS)
_WITHOUT_OUTPUT = frozenset(("embeddings",))
"""Operations whose OSL is 0 by nature: in a distribution of lengths they would look like the shortest answers."""


class Lengths:
    """ISL, OSL and all that follows from them; a request whose lengths are not known adds nothing.

    Long means strictly more tokens than the threshold.
    """

    def __init__(self, isl_threshold: int, osl_threshold: int) -> None:
        self._thresholds = isl_threshold, osl_threshold
        self._input = Histogram("tokentide_request_input_tokens")
        self._output = Histogram("tokentide_request_output_tokens")
        self._total = Histogram("tokentide_request_total_tokens")
        self._asked = Histogram("tokentide_request_max_tokens")
        self._parts = Counter("tokentide_prompt_part_tokens")
        self._matrix = Counter("tokentide_isl_osl_requests")
        self._patterns = Counter("tokentide_query_pattern_requests")
        self._wasted = Counter("tokentide_wasted_output_tokens")
        self._sources = Counter("tokentide_token_count_source")
        self._mismatch = Histogram("tokentide_token_count_mismatch_tokens")
        self.counters = (self._parts, self._matrix, self._patterns, self._wasted, self._sources)
        self.histograms = (self._input, self._output, self._total, self._asked, self._mismatch)

    def add(self, measurement: Measurement, labels: Labels, mark: Mark | None = None) -> None:
        """Adds one request under the labels model and operation."""
        record = measurement.record
        isl, osl, asked = known(record.input_tokens), known(record.output_tokens), known(record.max_tokens)
        if isl is not None:
            self._input.observe(labels, isl, mark)
        if osl is not None:
            self._output.observe(labels, osl, mark)
            if record.outcome == "client_disconnect":
                self._wasted.add(labels, osl)
        if isl is not None and osl is not None:
            self._total.observe(labels, isl + osl)
            if record.operation not in _WITHOUT_OUTPUT:
                self._matrix.add((*labels, cell(MATRIX_EDGES, isl), cell(MATRIX_EDGES, osl)))
                self._patterns.add((*labels, self._pattern(isl, osl)))
        if asked is not None:
            self._asked.observe(labels, asked)
        self._count_parts(record, labels)
        self._count_sources(measurement, labels)

    def _pattern(self, isl: int, osl: int) -> str:
        words = (
            "long" if length > limit else "short" for length, limit in zip((isl, osl), self._thresholds, strict=True)
        )
        return "_".join(words)

    def _count_parts(self, record: RequestRecord, labels: Labels) -> None:
        parts = record.system_tokens, record.history_tokens, record.user_tokens, record.tool_tokens
        for part, tokens in zip(PROMPT_PARTS, parts, strict=False):  # nobody tells yet which text was retrieved
            if tokens:
                self._parts.add((*labels, part), max(tokens, 0))

    def _count_sources(self, measurement: Measurement, labels: Labels) -> None:
        record = measurement.record
        for side, tokens, own, source in (
            ("input", known(record.input_tokens), measurement.own_input_tokens, record.input_source),
            ("output", known(record.output_tokens), measurement.own_output_tokens, record.output_source),
        ):
            if source is None or tokens is None:
                continue
            self._sources.add((*labels, side, source))
            if own is not None and source in {"usage", "continuous_usage"}:
                sign = "equal" if own == tokens else "over" if own > tokens else "under"
                self._mismatch.observe((*labels, side, sign), abs(own - tokens))


class Streams:
    """What only a streamed answer has: first and second token, and the steps between tokens."""

    def __init__(self) -> None:
        self._by_input = Histogram("tokentide_time_to_first_token_by_input_seconds")
        self._first_answer = Histogram("tokentide_time_to_first_answer_token_seconds")
        self._second = Histogram("tokentide_time_to_second_token_seconds")
        self._itl = Histogram("tokentide_inter_token_latency_seconds")
        self._bounds = np.array(self._itl.metric.buckets)
        self._per_chunk = Histogram("tokentide_tokens_per_chunk")
        self.histograms = (self._by_input, self._first_answer, self._second, self._itl, self._per_chunk)

    def add(self, measurement: Measurement, labels: Labels, mark: Mark | None = None) -> None:
        """Adds one streamed request under the labels model and operation."""
        record = measurement.record
        if record.ttft_us is not None and record.input_tokens is not None:
            band = cell(ISL_BANDS, record.input_tokens)
            self._by_input.observe((*labels, band), record.ttft_us / MICROSECONDS, mark)
        if record.ttfa_us is not None:
            self._first_answer.observe(labels, record.ttfa_us / MICROSECONDS)
        if record.ttst_us is not None:
            self._second.observe(labels, record.ttst_us / MICROSECONDS)
        if measurement.tokens_per_chunk:
            self._per_chunk.cell(labels).observe_all(measurement.tokens_per_chunk)
        if len(measurement.steps.tokens):
            self._add_steps(measurement.steps, labels)

    def _add_steps(self, steps: Steps, labels: Labels) -> None:
        """ITL with the weight of its tokens, so that the sum of the metric is the decode time."""
        width = len(self._bounds) + 1
        buckets = np.searchsorted(self._bounds, steps.gap_ns / (steps.tokens * NANOSECONDS))
        bands = np.searchsorted(_POSITIONS, steps.position)
        cells = np.bincount(bands * width + buckets, weights=steps.tokens, minlength=len(POSITION_LABELS) * width)
        counts = cells.astype(np.int64).tolist()
        for band, waited in enumerate(np.bincount(bands, weights=steps.gap_ns).tolist()):
            here = counts[band * width : (band + 1) * width]
            if any(here):
                self._itl.cell((*labels, POSITION_LABELS[band])).add(here, waited / NANOSECONDS)


class Clients:
    """Requests and tokens by client, where that was asked for: series for at most `limit` of them, and `other`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._names = Bounded(limit)
        self._requests = Counter("tokentide_client_requests")
        self._tokens = Counter("tokentide_client_tokens")
        self.counters = (self._requests, self._tokens)

    def add(self, record: RequestRecord, labels: Labels) -> None:
        """Adds one request under the labels model and operation; one whose client is not known adds nothing."""
        if not self._limit or not record.client_id:
            return
        client = self._names.label(record.client_id, proven=succeeded(record))
        self._requests.add((client, *labels))
        for side, tokens in zip(SIDES, (record.input_tokens, record.output_tokens), strict=True):
            if tokens:
                self._tokens.add((client, *labels, side), max(tokens, 0))


class Requests:
    """How requests ended and what of them could not be read."""

    def __init__(self) -> None:
        self._ended = Counter("tokentide_requests")
        self._unreadable = Counter("tokentide_unreadable_exchanges")
        self.counters = (self._ended, self._unreadable)

    def add(self, measurement: Measurement, labels: Labels) -> None:
        """Adds one request under the labels model and operation."""
        record = measurement.record
        stream = "true" if record.stream else "false"
        self._ended.add((*labels, record.outcome, status_class(record.http_status), stream))
        for reason in dict.fromkeys(measurement.failures):
            self._unreadable.add((reason,))


def succeeded(record: RequestRecord) -> bool:
    """Whether the engine answered, and without an error status."""
    return record.http_status is not None and record.http_status < 400


def failure(record: RequestRecord) -> str:
    """`error.type`: empty on success, else what the record says, else the status or the outcome."""
    status = record.http_status or 0
    if record.outcome == "completed" and status < 400:
        return ""
    return record.error_type or (str(status) if status >= 400 else record.outcome)


def known(tokens: int | None) -> int | None:
    """A number of tokens; None also where a stranger stated a negative one, which would make a sum shrink."""
    return None if tokens is None or tokens < 0 else tokens


def streamed(record: RequestRecord) -> bool:
    """Whether the answer came, or was asked for, as a stream; an engine may stream without being asked."""
    return record.stream or record.chunks is not None
