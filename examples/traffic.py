"""What the load client will send: rows of a trace, turned into requests of clients that differ in their habits."""

import random
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scripted_engine.words import prompt_of

ASKED_LIMIT = 1024
"""Tokens that clients allow an answer; none of the trace is longer."""

COLUMNS = ["timestamp", "model", "input_tokens", "output_tokens"]


class UnusableTrace(Exception):
    """A trace that cannot be replayed; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One request of a trace; `at` is seconds after the first row that is replayed."""

    at: float
    model: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Habits:
    """Shares (0..1) of requests unlike the others: no stream, no usage asked for, text completion, leaving early."""

    unstreamed: float = 0.08
    without_usage: float = 0.15
    completions: float = 0.1
    leaving: float = 0.02


@dataclass(frozen=True, slots=True)
class Planned:
    """One request to send `at` seconds after the start; `leave_after` counts events, None stays to the end."""

    at: float
    path: str
    body: dict[str, object]
    stream: bool
    leave_after: int | None


def read_slice(trace: Path, first_minute: float, minutes: float) -> list[Row]:
    """The rows of `minutes` of a trace, beginning `first_minute` after its first row, in order of time.

    Raises UnusableTrace where the file cannot be read, lacks a column or has no row in the slice.
    """
    try:
        table = pq.read_table(trace, columns=COLUMNS).sort_by("timestamp")
    except (OSError, KeyError, ValueError) as error:
        raise UnusableTrace(f"The trace {trace} cannot be read: {error}.") from error
    micros = table["timestamp"].cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    start = (pc.min(micros).as_py() or 0) + round(first_minute * 60e6)
    end = start + round(minutes * 60e6)
    kept = table.set_column(0, "timestamp", micros).filter(
        (pc.field("timestamp") >= start) & (pc.field("timestamp") < end)
    )
    if not kept.num_rows:
        raise UnusableTrace(
            f"The trace {trace} has no request between minutes {first_minute} and {first_minute + minutes}."
        )
    return [
        Row((row["timestamp"] - start) / 1e6, row["model"], row["input_tokens"], row["output_tokens"])
        for row in kept.to_pylist()
    ]


def plan(rows: list[Row], speed: float, habits: Habits, seed: int) -> list[Planned]:
    """The requests that stand for `rows`, `speed` times as fast; the same seed gives the same requests.

    A row of n input and m output tokens becomes an invented prompt of n tokens, and an answer that ends by itself after
    m, below the limit that clients ask for.
    """
    chance = random.Random(seed)
    return [_planned(row, row.at / speed, habits, chance) for row in rows]


def _planned(row: Row, at: float, habits: Habits, chance: random.Random) -> Planned:
    prompt = prompt_of(row.input_tokens, chance)
    stream = chance.random() >= habits.unstreamed
    limit = max(ASKED_LIMIT, row.output_tokens)
    body: dict[str, object] = {"model": row.model, "max_tokens": limit, "x_tokens": row.output_tokens, "stream": stream}
    path = "/v1/chat/completions"
    if chance.random() < habits.completions:
        path = "/v1/completions"
        body["prompt"] = prompt
    else:
        body["messages"] = [{"role": "user", "content": prompt}]
    if stream and chance.random() >= habits.without_usage:
        body["stream_options"] = {"include_usage": True}
    leaves = stream and row.output_tokens > 2 and chance.random() < habits.leaving
    return Planned(at, path, body, stream, chance.randrange(1, row.output_tokens - 1) if leaves else None)
