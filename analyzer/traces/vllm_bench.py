"""`vllm bench serve --save-result --save-detailed`: lists with one entry for each request."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from analyzer.errors import BadSettings
from analyzer.traces.base import UNREADABLE_ROW, Batch, Wishes, unreadable
from analyzer.traces.clock import NAIVE
from analyzer.traces.fields import FAILED, of_rows
from analyzer.traces.nested import at, items, number, text, whole
from analyzer.traces.tabular import objects
from analyzer.traces.timing import DISAGREE, Timing, disagree, times

SECOND_US = 1_000_000
DETAILS = ("input_lens", "output_lens", "start_times")
ESTIMATED = "the first request is dated by the end of the run minus its duration, --start says it better"


class VLLMBench:
    """vLLM's serving benchmark; all times in it are seconds.

    `start_times` are readings of a clock without a date: the first request is put at `--start`, or at the run's end
    (`date`, on the clock of the machine) minus its `duration`. Lists in `errors` and `generated_texts` are not kept.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The requests of one result, or of several that were appended to one file."""
        for run in objects(path):
            if run is None:
                yield of_rows([], {UNREADABLE_ROW: 1}, {})
            elif not all(isinstance(run.get(name), list) for name in DETAILS):
                raise unreadable(path, "it holds no single requests: run vllm bench serve with --save-detailed")
            else:
                yield _run(run, wishes)


def _run(run: dict[str, object], wishes: Wishes) -> Batch:
    model = text(run.get("model_id"))
    notes: Counter[str] = Counter()
    starts = [number(start) or None for start in items(run["start_times"])]
    known = [start for start in starts if start is not None]
    origin = _origin(run, wishes, len(starts), notes) - round(min(known, default=0.0) * SECOND_US)
    rows = []
    for place, start in enumerate(starts):
        row = _row(run, place, notes) | {"model": model}
        rows.append(row | {"timestamp": None if start is None else origin + round(start * SECOND_US)})
    batch = of_rows(rows, {}, notes)
    return batch if model else Batch(batch.rows.drop_columns(["model"]), {}, notes)


def _origin(run: dict[str, object], wishes: Wishes, rows: int, notes: Counter[str]) -> int:
    """The moment of the first request in microseconds since the epoch."""
    if wishes.start is not None:
        return wishes.start
    try:
        ended = datetime.strptime(str(run.get("date")), "%Y%m%d-%H%M%S")  # noqa: DTZ007 - the zone comes next
    except ValueError as error:
        raise BadSettings(
            "The result of vllm bench has no date: give the moment of its first request by --start."
        ) from error
    notes[ESTIMATED] += rows
    notes[NAIVE] += 0 if wishes.timezone else rows
    zoned = ended.replace(tzinfo=ZoneInfo(wishes.timezone or "UTC")).astimezone(UTC)
    return round((zoned.timestamp() - (number(run.get("duration")) or 0.0)) * SECOND_US)


def _row(run: dict[str, object], place: int, notes: Counter[str]) -> dict[str, object]:
    output = whole(_entry(run, "output_lens", place))
    failed = bool(text(_entry(run, "errors", place)))
    notes[FAILED] += failed
    gaps = [(number(gap) or 0.0) * SECOND_US for gap in items(_entry(run, "itls", place))]
    streamed = bool(gaps) and not failed
    timing = Timing(
        # without a stream both are stamped when the whole answer is there
        ttft=whole(_entry(run, "ttfts", place), SECOND_US) if streamed else None,
        e2e=None if failed else whole(_entry(run, "latencies", place), SECOND_US),
        itl=sum(gaps) / max(1, (output or 0) - 1),
        gaps=gaps if streamed else None,
    )
    notes[DISAGREE] += disagree(timing, output)
    return {
        "input_tokens": whole(_entry(run, "input_lens", place)),
        "output_tokens": output,
        **times(timing, output, output),
        "outcome": "upstream_error" if failed else "completed",
    }


def _entry(run: dict[str, object], name: str, place: int) -> object:
    values = items(at(run, name))
    return values[place] if place < len(values) else None
