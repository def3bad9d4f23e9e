"""guidellm's JSON report, version 2: the requests of every benchmark in it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from analyzer.traces.base import Batch, Wishes, unreadable
from analyzer.traces.fields import FAILED, of_rows
from analyzer.traces.nested import at, items, number, text, whole
from analyzer.traces.tabular import document
from analyzer.traces.timing import DISAGREE, Timing, disagree, times

VERSION = 2
OUTCOMES = {"successful": "completed", "errored": "upstream_error", "incomplete": "client_disconnect"}
SECOND_US = 1_000_000


class GuideLLM:
    """guidellm's `benchmarks.json`.

    Stamps and `request_latency` are seconds, the other times milliseconds. guidellm's time per output token counts from
    the request and divides by all tokens; here TPOT is made from the stamps of the first and the last token.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The requests of one report."""
        del wishes  # the stamps need no zone and no unit
        report = document(path)
        version = at(report, "metadata", "version")
        if version != VERSION:
            said = version if isinstance(version, int) else "none"
            raise unreadable(path, f"it is no guidellm report of version {VERSION} (its version is {said})")
        for benchmark in items(report.get("benchmarks")):
            yield _benchmark(benchmark)


def _benchmark(benchmark: object) -> Batch:
    model = text(at(benchmark, "config", "backend", "model"))
    notes: Counter[str] = Counter()
    rows = []
    for group, outcome in OUTCOMES.items():
        for request in items(at(benchmark, "requests", group)):
            rows.append(_row(request, notes) | {"model": model, "outcome": outcome})
            notes[FAILED] += outcome == "upstream_error"
    batch = of_rows(rows, {}, notes)
    return batch if model else Batch(batch.rows.drop_columns(["model"]), {}, notes)


def _row(request: object, notes: Counter[str]) -> dict[str, object]:
    output = whole(at(request, "output_tokens"))
    sent, first, last = (
        number(at(request, "info", "timings", stamp))
        for stamp in ("request_start", "first_token_iteration", "last_token_iteration")
    )
    itl = number(at(request, "inter_token_latency_ms"))
    timing = Timing(_between(sent, first), _between(sent, last), None if itl is None else itl * 1000)
    notes[DISAGREE] += disagree(timing, output)
    return {
        "timestamp": None if sent is None else round(sent * SECOND_US),
        "request_id": text(at(request, "request_id")),
        "input_tokens": whole(at(request, "prompt_tokens")),
        "output_tokens": output,
        "cached_input_tokens": whole(at(request, "cached_tokens")),
        **times(timing, output, output),
    }


def _between(start: float | None, end: float | None) -> int | None:
    return None if start is None or end is None or end < start else round((end - start) * SECOND_US)
