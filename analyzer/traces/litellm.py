"""LiteLLM's spend logs: the table LiteLLM_SpendLogs as CSV or JSON."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.traces.base import UNREADABLE_ROW, Batch, Wishes
from analyzer.traces.clock import moments
from analyzer.traces.fields import failures, outcomes
from analyzer.traces.tabular import Table, objects, of_objects, rows
from analyzer.traces.values import each, text, whole

START, END, FIRST = "startTime", "endTime", "completionStartTime"
INPUT, OUTPUT, MODEL, GROUP = "prompt_tokens", "completion_tokens", "model", "model_group"
KEY, REQUEST, KIND, STATUS, CACHED = "api_key", "request_id", "call_type", "status", "cache_hit"
NEEDED = (START, INPUT, OUTPUT)
NAMES = (*NEEDED, END, FIRST, MODEL, GROUP, KEY, REQUEST, KIND, STATUS, CACHED)
OPERATIONS = {
    "completion": "chat",
    "text_completion": "text_completion",
    "embedding": "embeddings",
    "responses": "responses",
    "anthropic_messages": "messages",
    "generate_content": "generate_content",
    "generate_content_stream": "generate_content",
}


class LiteLLM:
    """LiteLLM's proxy: what it bills is what it saw.

    `model_group` is the name that clients ask for, `model` the one that answered. `api_key` is a hash of the key and
    becomes the client. Answers from LiteLLM's own cache never reached an engine and are left out. A first token at the
    end of the answer means that the answer was not streamed. Messages and answers in the export are not read.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one export."""
        is_json = any(suffix in {".json", ".jsonl", ".ndjson"} for suffix in path.suffixes)
        tables = of_objects(path, _unwrapped(path), NAMES, NEEDED) if is_json else rows(path, NAMES, NEEDED)
        for table in tables:
            yield _batch(table, wishes)


def _unwrapped(path: Path) -> Iterator[dict[str, Any] | None]:
    """The rows; an answer of the API has them under `data`."""
    for one in objects(path):
        if one is not None and isinstance(one.get("data"), list):
            yield from (row if isinstance(row, dict) else None for row in one["data"])
        else:
            yield one


def _batch(table: Table, wishes: Wishes) -> Batch:
    held = table.columns
    start = moments(held[START], wishes)
    outcome = outcomes(pc.equal(text(held[STATUS]), "failure")) if STATUS in held else None
    models = [text(held[name]) for name in (GROUP, MODEL) if name in held]
    columns = {
        "timestamp": start.values,
        "request_id": text(held[REQUEST]) if REQUEST in held else None,
        "model": pc.coalesce(*models) if models else None,
        "response_model": text(held[MODEL]) if MODEL in held else None,
        "client_id": text(held[KEY]) if KEY in held else None,
        "operation": each(held[KIND], _operation) if KIND in held else None,
        "input_tokens": whole(held[INPUT]),
        "output_tokens": whole(held[OUTPUT]),
        **_times(table, start.values, wishes),
        "outcome": outcome,
    }
    known = pa.table({name: column for name, column in columns.items() if column is not None})
    cached = _is_true(held[CACHED]) if CACHED in held else pa.array([False]).take(pa.array([0] * table.rows, pa.int8()))
    left_out = {"cache_hit": pc.sum(cached).as_py() or 0, UNREADABLE_ROW: table.unreadable}
    notes = {**start.notes, **({} if outcome is None else failures(outcome))}
    return Batch(known.filter(pc.invert(cached)), {reason: n for reason, n in left_out.items() if n}, notes)


def _times(table: Table, start: pa.Array, wishes: Wishes) -> dict[str, pa.Array]:
    found: dict[str, pa.Array] = {}
    if END not in table.columns:
        return found
    end = moments(table.columns[END], wishes).values
    found["e2e_us"] = _between(start, end)
    if FIRST in table.columns:
        first = moments(table.columns[FIRST], wishes).values
        streamed = pc.fill_null(pc.less(first, end), fill_value=False)
        found["ttft_us"] = pc.if_else(streamed, _between(start, first), pa.scalar(None, pa.int64()))
    return found


def _between(start: pa.Array, end: pa.Array) -> pa.Array:
    """Microseconds from `start` to `end`, null where it would be negative."""
    passed = pc.subtract(end.cast(pa.int64()), start.cast(pa.int64()))
    return pc.if_else(pc.greater_equal(passed, 0), passed, pa.scalar(None, pa.int64()))


def _operation(call: str) -> str:
    return OPERATIONS.get(call, OPERATIONS.get(call.removeprefix("a"), "other"))


def _is_true(column: pa.Array) -> pa.Array:
    return pc.fill_null(pc.equal(pc.utf8_lower(text(column)), "true"), fill_value=False)
