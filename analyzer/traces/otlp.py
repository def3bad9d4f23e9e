"""OpenTelemetry GenAI spans in OTLP JSON, as the collector's file exporter writes them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from analyzer.traces.base import UNREADABLE_ROW, Batch, Wishes, unreadable
from analyzer.traces.fields import FAILED, of_rows
from analyzer.traces.nested import at, items, name, text, whole
from analyzer.traces.tabular import objects

SECOND_US = 1_000_000
# the names of the conventions, older ones and vLLM's after them
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
CACHED = ("gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens")
REASONING = ("gen_ai.usage.reasoning.output_tokens",)
FIRST = ("gen_ai.response.time_to_first_chunk", "gen_ai.latency.time_to_first_token")
QUEUED = ("gen_ai.latency.time_in_queue",)
ASKED = ("gen_ai.request.max_tokens",)
CHOICES = ("gen_ai.request.choice.count", "gen_ai.request.n")
REQUESTED, ANSWERED = "gen_ai.request.model", "gen_ai.response.model"
OPERATIONS = {"chat", "text_completion", "embeddings", "generate_content"}
OTHERS = "spans that are no single requests (agents, tools, others) were not counted"
OUTER = "spans around another request were not counted, the inner ones were"

Attributes = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Span:
    """One span of a request, with its own id and that of the span around it."""

    id: str | None
    parent: str | None
    row: Mapping[str, object]


class OTLP:
    """Spans of inference requests; those of agents and tools, which sum up requests, are not counted.

    Where the span of a gateway or a framework holds that of the client library, the inner one is the request. Messages
    in attributes and events are not kept.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The requests of one file, all at once, because a span may come before the one around it."""
        del wishes  # the stamps need no zone and no unit
        left_out: Counter[str] = Counter()
        notes: Counter[str] = Counter()
        found: list[_Span] = []
        for line in objects(path):
            if line is None:
                left_out[UNREADABLE_ROW] += 1
            elif "resourceSpans" not in line:
                raise unreadable(path, "it holds no resourceSpans: give traces in OTLP JSON")
            else:
                found.extend(_requests(line, notes))
        around = {span.parent for span in found if span.parent}
        inner = [span.row for span in found if span.id is None or span.id not in around]
        notes[OUTER] += len(found) - len(inner)
        notes[FAILED] += sum(row["outcome"] == "upstream_error" for row in inner)
        yield of_rows(inner, left_out, notes)


def _requests(line: Mapping[str, object], notes: Counter[str]) -> Iterator[_Span]:
    for resource in items(line["resourceSpans"]):
        for scope in items(at(resource, "scopeSpans")):
            for span in items(at(scope, "spans")):
                said = _attributes(span)
                operation = text(said.get("gen_ai.operation.name"))
                if operation in OPERATIONS or (operation is None and _first(said, INPUT) is not None):
                    yield _Span(text(at(span, "spanId")), text(at(span, "parentSpanId")), _row(span, said))
                else:
                    notes[OTHERS] += 1


def _row(span: object, said: Attributes) -> dict[str, object]:
    start, end = (whole(at(span, key)) for key in ("startTimeUnixNano", "endTimeUnixNano"))
    reasons = items(said.get("gen_ai.response.finish_reasons"))
    # 2 is the status code Error, as a number or by its name
    operation = text(said.get("gen_ai.operation.name"))
    failed = said.get("error.type") is not None or at(span, "status", "code") in {2, "STATUS_CODE_ERROR"}
    return {
        "timestamp": None if start is None else start // 1000,
        "trace_id": text(at(span, "traceId")),
        "request_id": text(said.get("gen_ai.response.id")),
        "model": text(said.get(REQUESTED)) or text(said.get(ANSWERED)),
        "response_model": text(said.get(ANSWERED)),
        "operation": operation,
        "upstream": text(said.get("server.address")),
        "input_tokens": whole(_first(said, INPUT)),
        "output_tokens": 0 if operation == "embeddings" else whole(_first(said, OUTPUT)),
        "reasoning_tokens": whole(_first(said, REASONING)),
        "cached_input_tokens": whole(_first(said, CACHED)),
        "max_tokens": whole(_first(said, ASKED)),
        "n": whole(_first(said, CHOICES)),
        "ttft_us": whole(_first(said, FIRST), SECOND_US),
        "queue_us": whole(_first(said, QUEUED), SECOND_US),
        "e2e_us": None if start is None or end is None or end < start else (end - start) // 1000,
        "finish_reason": name(reasons[0]) if reasons else None,
        "outcome": "upstream_error" if failed else "completed",
        "error_type": name(said.get("error.type")),
    }


def _attributes(span: object) -> dict[str, object]:
    """The attributes of a span that belong to requests, as plain values."""
    found: dict[str, object] = {}
    for pair in items(at(span, "attributes")):
        key = text(at(pair, "key"))
        if key is not None and key.startswith(("gen_ai.", "server.", "error.")):
            found[key] = _plain(at(pair, "value"))
    return found


def _plain(value: object) -> object:
    """A value of OTLP JSON, in which whole numbers are texts."""
    if isinstance(value, Mapping):
        if "arrayValue" in value:
            return [_plain(one) for one in items(at(value, "arrayValue", "values"))]
        return next(
            (value[key] for key in ("stringValue", "intValue", "doubleValue", "boolValue") if key in value), None
        )
    return None


def _first(said: Attributes, names: tuple[str, ...]) -> object:
    return next((said[name] for name in names if name in said), None)
