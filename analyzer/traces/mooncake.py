"""Mooncake's traces and those in its form: timestamp in milliseconds, lengths, and ids of prefix blocks."""

from collections.abc import Iterator
from pathlib import Path

from analyzer.traces.base import Batch, Wishes
from analyzer.traces.clock import moments
from analyzer.traces.fields import batch
from analyzer.traces.tabular import rows
from analyzer.traces.values import whole

TIME, INPUT, OUTPUT, BLOCKS = "timestamp", "input_length", "output_length", "hash_ids"


class Mooncake:
    """kvcache-ai/Mooncake's `conversation`, `toolagent` and `synthetic` traces, and others in that form.

    Each id in `hash_ids` stands for one 512-token block of the prompt with all that precedes it; the ids are kept as
    `prefix_blocks`.
    """

    relative = True

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file; none names a model."""
        needed = (TIME, INPUT, OUTPUT)
        for table in rows(path, (*needed, BLOCKS), needed, lists=(BLOCKS,)):
            held = table.columns
            when = moments(held[TIME], wishes, "ms")
            columns = {
                "timestamp": when.values,
                "input_tokens": whole(held[INPUT]),
                "output_tokens": whole(held[OUTPUT]),
                "prefix_blocks": held.get(BLOCKS),
            }
            yield batch(columns, table, when.notes)
