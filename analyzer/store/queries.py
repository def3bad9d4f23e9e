"""The queries by the name of what they yield, and the view that all of them start from."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import duckdb

from analyzer.store.survey import Row


def query(table: str) -> str:
    """The text of one query."""
    return resources.files("analyzer").joinpath("sql", f"{table}.sql").read_text(encoding="utf-8")


def view(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Let `requests` be the rows of `files`; raises `duckdb.Error` where they cannot be read."""
    if files:
        paths = [str(path) for path in files]
        records = connection.read_parquet(paths, union_by_name=True, hive_partitioning=False)
    else:
        records = connection.sql(query("no_records"))
    records.create_view("records", replace=True)
    connection.execute(query("requests"))


def look(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> list[Row] | str:
    """What is behind `requests` once it is the rows of `files`, by model, or why they cannot be read."""
    try:
        view(connection, files)
        rows: list[Row] = connection.sql(query("survey")).to_arrow_table().to_pylist()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return rows
