"""Files of marginals, read back."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from analyzer.errors import UnreadableFile, UnreadableRecords
from analyzer.marginals import Marginals
from analyzer.marginals.table import Row, of_rows

COLUMNS = ("hour", "model", "side", "le", "count", "tokens", "source")


def read_marginals(files: Sequence[Path]) -> dict[str, Marginals]:
    """The marginals of each model in `files`; the same hour of the same source in two files counts once.

    Raises `UnreadableRecords` where a file is damaged.
    """
    found: dict[tuple[object, ...], Row] = {}
    for file in files:
        try:
            table = parquet.read_table(file, columns=list(COLUMNS), partitioning=None)
        except (pa.ArrowException, OSError) as error:
            reason = f"it is damaged ({str(error).splitlines()[0]})"
            raise UnreadableRecords((UnreadableFile(str(file), reason),)) from error
        place = table.column_names.index("hour")
        table = table.set_column(place, "hour", table.column("hour").cast(pa.timestamp("us")).cast(pa.int64()))
        for row in (Row(*values) for values in zip(*(table.column(name).to_pylist() for name in COLUMNS), strict=True)):
            found[row.source, row.model, row.side, row.hour, row.le] = row
    return of_rows(found.values())
