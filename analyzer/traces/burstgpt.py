"""BurstGPT: all three generations of its columns."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc

from analyzer.traces.base import Batch, Wishes
from analyzer.traces.clock import moments
from analyzer.traces.fields import batch, failures, outcomes
from analyzer.traces.tabular import rows
from analyzer.traces.values import each, text, whole

TIME, MODEL, INPUT, OUTPUT = "Timestamp", "Model", "Request tokens", "Response tokens"
KIND, ELAPSED = "Log Type", "Elapsed time"
OPERATIONS = {"Conversation log": "chat", "API log": "other"}


class BurstGPT:
    """HPMLL/BurstGPT's `BurstGPT*.csv`.

    The first two files have neither a session nor a duration; the third has `Session ID` (announced as `SessionID`) and
    `Elapsed time`, the whole duration in seconds. `Timestamp` counts seconds from midnight of the first day on the
    clock of the source, which has no date. A response of 0 tokens is a failure, by the source's own page.
    """

    relative = True

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file."""
        needed = (TIME, MODEL, INPUT, OUTPUT)
        for table in rows(path, (*needed, KIND, ELAPSED), needed):
            held = table.columns
            when = moments(held[TIME], wishes, "s")
            output = whole(held[OUTPUT])
            outcome = outcomes(pc.equal(output, 0))
            columns = {
                "timestamp": when.values,
                "model": text(held[MODEL]),
                "operation": each(held[KIND], lambda kind: OPERATIONS.get(kind, "other")) if KIND in held else None,
                "input_tokens": whole(held[INPUT]),
                "output_tokens": output,
                "e2e_us": whole(held[ELAPSED], 1_000_000) if ELAPSED in held else None,
                "outcome": outcome,
            }
            yield batch(columns, table, {**when.notes, **failures(outcome)})
