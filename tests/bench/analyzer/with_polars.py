"""`python with_polars.py RECORDS`: the core figures of an analysis with polars' streaming engine, as JSON."""

import json
import sys
from pathlib import Path

import polars as pl

PER_MILLE = (500, 900, 950, 990, 999)
SIDES = ("input_tokens", "output_tokens", "total")
TIMES = ("ttft_us", "tpot_us", "e2e_us")
Figures = dict[str, dict[str, object]]


def nearest(name: str) -> pl.Expr:
    """The nearest-rank quantiles."""
    known = pl.col(name).drop_nulls().sort()
    ranks = [(known.len().cast(pl.Int64) * each + 999) // 1000 - 1 for each in PER_MILLE]
    return known.gather(pl.concat_list(ranks).explode())


def bits(name: str) -> pl.Expr:
    """The power of two that holds a length."""
    return pl.max_horizontal(pl.col(name), pl.lit(1)).cast(pl.Float64).log(2).ceil().cast(pl.Int8)


def figures(rows: pl.LazyFrame, names: list[str]) -> Figures:
    """Of every model."""
    arrival = pl.col("timestamp").dt.epoch("s")
    asked = {
        "quantiles": rows.group_by("model").agg(pl.len(), *(nearest(name) for name in names)),
        "joint": rows.group_by("model", bits(SIDES[0]), bits(SIDES[1])).len().group_by("model").len(),
        "seconds": rows.group_by("model", arrival).len().group_by("model").agg(pl.col("len").max()),
        "minutes": rows.group_by("model", arrival // 60).len().group_by("model").agg(pl.col("len").max()),
        "medians": rows.group_by("model", pl.col("timestamp").dt.hour()).agg(
            pl.col(SIDES[0]).quantile(0.5, "lower"), pl.col(SIDES[1]).quantile(0.5, "lower")
        ),
    }
    done = dict(zip(asked, pl.collect_all(list(asked.values()), engine="streaming"), strict=True))
    found: Figures = {}
    for row in done["quantiles"].iter_rows(named=True):
        one = found.setdefault(row["model"], {"requests": row["len"]})
        one.update({name: row[name] for name in names})
    for table, name in (("joint", "joint"), ("seconds", "peak_second"), ("minutes", "peak_minute")):
        for model, count in done[table].iter_rows():
            found[model][name] = count
    for model, _, isl, osl in done["medians"].sort("model", "timestamp").iter_rows():
        found[model].setdefault("medians", []).append([int(isl), int(osl)])  # type: ignore[attr-defined]  # a list
    return found


place = Path(sys.argv[1])
records = pl.scan_parquet(place / "*.parquet" if place.is_dir() else place)
known = records.collect_schema().names()
records = records.with_columns((pl.col(SIDES[0]) + pl.col(SIDES[1])).alias("total"))
print(json.dumps(figures(records, [*SIDES, *(name for name in TIMES if name in known)])))
