"""What ServeGen generates, saved as CSV: timestamp in seconds, input_tokens, output_tokens, and perhaps a client."""

from collections.abc import Iterator
from pathlib import Path

from analyzer.traces.base import Batch, Wishes
from analyzer.traces.clock import moments
from analyzer.traces.fields import batch
from analyzer.traces.tabular import rows
from analyzer.traces.values import text, whole

TIME, INPUT, OUTPUT = "timestamp", "input_tokens", "output_tokens"
CLIENT, REQUEST, REASON = "client_id", "request_id", "reason_tokens"


class ServeGen:
    """Requests of alibaba/ServeGen's generator, with its field names.

    Times are seconds from the start of the generated span, which has no date.
    """

    relative = True

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file; none names a model."""
        needed = (TIME, INPUT, OUTPUT)
        for table in rows(path, (*needed, CLIENT, REQUEST, REASON), needed):
            held = table.columns
            when = moments(held[TIME], wishes, "s")
            columns = {
                "timestamp": when.values,
                "request_id": text(held[REQUEST]) if REQUEST in held else None,
                "client_id": text(held[CLIENT]) if CLIENT in held else None,
                "input_tokens": whole(held[INPUT]),
                "output_tokens": whole(held[OUTPUT]),
                "reasoning_tokens": whole(held[REASON]) if REASON in held else None,
            }
            yield batch(columns, table, when.notes)
