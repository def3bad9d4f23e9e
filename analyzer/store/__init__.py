"""Parquet records seen through DuckDB, one query per file, named by the table it yields."""

from analyzer.store.files import Found, find
from analyzer.store.marginals import read_marginals
from analyzer.store.records import Reading, Records, opened
from analyzer.store.rollups import Rollups
from analyzer.store.survey import Span

__all__ = ["Found", "Reading", "Records", "Rollups", "Span", "find", "opened", "read_marginals"]
