"""AIPerf's `profile_export.jsonl`: one request a line, with its own units."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from analyzer.errors import UnreadableRecords
from analyzer.traces.base import UNREADABLE_ROW, Batch, Wishes, unreadable
from analyzer.traces.fields import FAILED, of_rows
from analyzer.traces.nested import at, items, name, number, text, whole
from analyzer.traces.tabular import BATCH, document, objects
from analyzer.traces.timing import DISAGREE, Timing, disagree, times

MICROSECONDS = {"ns": 0.001, "us": 1.0, "ms": 1000.0, "s": 1_000_000.0, "sec": 1_000_000.0}
SUMMARY = "profile_export_aiperf.json"


class AIPerf:
    """NVIDIA AIPerf's record export; the model is in the summary beside it, where that names one.

    Stamps are nanoseconds since 1970, metrics carry their unit. Lengths are the server's own where it told them: those
    that AIPerf counts leave out the chat template. Warm-up requests are left out, as AIPerf's figures leave them out.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The requests of one file."""
        del wishes  # the stamps need no zone and no unit
        model = _model(path)
        lines = objects(path)
        first = True
        while found := list(islice(lines, BATCH)):
            if first and not any(at(line, "metadata", "request_start_ns") for line in found):
                raise unreadable(path, "it holds no requests of AIPerf: give the profile_export.jsonl")
            first = False
            yield _batch(found, model)


def _batch(lines: list[dict[str, object] | None], model: str | None) -> Batch:
    left_out: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    rows = []
    for line in lines:
        phase = at(line, "metadata", "benchmark_phase")
        if line is None or not isinstance(at(line, "metadata"), dict):
            left_out[UNREADABLE_ROW] += 1
        elif phase not in {None, "profiling"}:
            left_out["warmup"] += 1
        else:
            rows.append(_row(line, model, notes))
    batch = of_rows(rows, left_out, notes)
    return batch if model else Batch(batch.rows.drop_columns(["model"]), left_out, notes)


def _row(line: Mapping[str, object], model: str | None, notes: Counter[str]) -> dict[str, object]:
    stamp = whole(at(line, "metadata", "request_start_ns"))
    own_output = _tokens(line, "output_sequence_length")
    usage = _tokens(line, "usage_prompt_tokens"), _tokens(line, "usage_completion_tokens")
    output = own_output if usage[1] is None else usage[1]
    gaps = at(line, "metrics", "inter_chunk_latency")
    scale = MICROSECONDS.get(str(at(gaps, "unit")), 0.0)
    timing = Timing(
        ttft=whole(_time(line, "time_to_first_token")),
        e2e=whole(_time(line, "request_latency")),
        itl=_time(line, "inter_token_latency"),
        gaps=[number(gap) or 0.0 for gap in items(at(gaps, "value"))] if gaps and scale else None,
    )
    if timing.gaps is not None:
        timing = Timing(timing.ttft, timing.e2e, timing.itl, [gap * scale for gap in timing.gaps])
    notes[DISAGREE] += disagree(timing, own_output)
    return {
        "timestamp": None if stamp is None else stamp // 1000,
        "request_id": text(at(line, "metadata", "x_request_id")),
        "model": model,
        "input_tokens": _tokens(line, "input_sequence_length") if usage[0] is None else usage[0],
        "output_tokens": output,
        "reasoning_tokens": _tokens(line, "reasoning_token_count"),
        "input_source": "tokenizer" if usage[0] is None else "usage",
        "output_source": "tokenizer" if usage[1] is None else "usage",
        **times(timing, own_output, output),
        **_ending(line, notes),
    }


def _ending(line: Mapping[str, object], notes: Counter[str]) -> dict[str, object]:
    error = at(line, "error")
    if error is not None:
        notes[FAILED] += 1
        return {
            "outcome": "upstream_error",
            "error_type": name(at(error, "type")) or "error",
            "http_status": whole(at(error, "code")),
        }
    return {"outcome": "client_disconnect" if at(line, "metadata", "was_cancelled") is True else "completed"}


def _tokens(line: Mapping[str, object], metric: str) -> int | None:
    return whole(at(line, "metrics", metric, "value"))


def _time(line: Mapping[str, object], metric: str) -> float | None:
    """A metric in microseconds; `None` where its unit is not known."""
    value = number(at(line, "metrics", metric, "value"))
    factor = MICROSECONDS.get(str(at(line, "metrics", metric, "unit")))
    return None if value is None or factor is None else value * factor


def _model(path: Path) -> str | None:
    """The one model of the run, from the summary that AIPerf writes beside the records."""
    try:
        summary = document(path.with_name(SUMMARY))
    except UnreadableRecords:
        return None
    named = [text(at(item, "name")) for item in items(at(summary, "input_config", "models", "items"))]
    named += [text(item) for item in items(at(summary, "input_config", "endpoint", "model_names"))]
    return named[0] if len(named) == 1 else None
