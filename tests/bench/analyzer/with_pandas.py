"""`python with_pandas.py RECORDS`: the core figures of an analysis with pandas, as JSON."""

import json
import sys

import numpy as np
import pandas as pd
from pyarrow import dataset

PER_MILLE = (500, 900, 950, 990, 999)
SIDES = ("input_tokens", "output_tokens", "total")
TIMES = ("ttft_us", "tpot_us", "e2e_us")


def nearest(values: pd.Series) -> list[int]:
    """Nearest-rank quantiles."""
    known = np.sort(values.dropna().to_numpy())
    return [int(known[max(1, -(-len(known) * each // 1000)) - 1]) for each in PER_MILLE] if len(known) else []


def figures(rows: pd.DataFrame) -> dict[str, object]:
    """Of one model."""
    cells = [np.ceil(np.log2(np.maximum(rows[side], 1))).astype(np.int8) for side in SIDES[:2]]
    arrivals = rows["timestamp"].astype("datetime64[us, UTC]").astype("int64") // 1_000_000
    medians = rows[list(SIDES[:2])].groupby(rows["timestamp"].dt.hour).quantile(0.5, interpolation="lower")
    return {
        "requests": len(rows),
        **{name: nearest(rows[name]) for name in (*SIDES, *TIMES) if name in rows},
        "joint": int((rows.groupby(cells, observed=True).size() > 0).sum()),
        "peak_second": int(arrivals.value_counts().max()),
        "peak_minute": int((arrivals // 60).value_counts().max()),
        "medians": medians.astype(int).to_numpy().tolist(),
    }


records = dataset.dataset(sys.argv[1])
wanted = [name for name in ("timestamp", "model", *SIDES[:2], *TIMES) if name in records.schema.names]
frame = records.to_table(columns=wanted).to_pandas(split_blocks=True, self_destruct=True, categories=["model"])
frame["total"] = frame["input_tokens"] + frame["output_tokens"]
print(json.dumps({str(model): figures(rows) for model, rows in frame.groupby("model", observed=True)}))
