"""The Azure LLM inference traces of 2023 and 2024: TIMESTAMP, ContextTokens, GeneratedTokens."""

from collections.abc import Iterator
from pathlib import Path

from analyzer.traces.base import Batch, Wishes
from analyzer.traces.clock import moments
from analyzer.traces.fields import batch
from analyzer.traces.tabular import rows
from analyzer.traces.values import whole

TIME, INPUT, OUTPUT = "TIMESTAMP", "ContextTokens", "GeneratedTokens"


class Azure:
    """AzurePublicDataset's `AzureLLMInferenceTrace_*.csv`.

    Times of 2023 have seven digits after the second and no zone, those of 2024 an offset and no digits where these are
    zero; both are read in either year. The multimodal trace of 2025 has the same columns and one more.
    """

    relative = False

    def read(self, path: Path, wishes: Wishes) -> Iterator[Batch]:
        """The rows of one file; none names a model."""
        needed = (TIME, INPUT, OUTPUT)
        for table in rows(path, needed, needed):
            when = moments(table.columns[TIME], wishes)
            columns = {
                "timestamp": when.values,
                "input_tokens": whole(table.columns[INPUT]),
                "output_tokens": whole(table.columns[OUTPUT]),
            }
            yield batch(columns, table, when.notes)
