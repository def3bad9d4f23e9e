"""`python floor.py RECORDS`: one bare aggregate by hour and model over the columns that an analysis reads."""

import sys

import duckdb

with duckdb.connect() as connection:
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET parquet_metadata_cache = true")
    every = {name for name, *_ in connection.execute("DESCRIBE FROM read_parquet($1)", [sys.argv[1]]).fetchall()}
    numbers = [n for n in ("input_tokens", "output_tokens", "max_tokens", "ttft_us", "tpot_us", "e2e_us") if n in every]
    words = [n for n in ("client_id", "operation", "outcome", "finish_reason", "http_status") if n in every]
    asked = ", ".join([f"sum({name})" for name in numbers] + [f"max({name})" for name in words])
    bare = f"SELECT epoch_us(timestamp) // 3600000000, model, count(*), {asked} FROM read_parquet($1) GROUP BY ALL"  # noqa: S608  names of columns
    rows = connection.execute(bare, [sys.argv[1]]).fetchall()
    print(sum(row[2] for row in rows))
