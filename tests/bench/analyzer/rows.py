"""Records of four weeks in hourly files as the sidecar writes them, made once and hour by hour."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

HOURS = 28 * 24
START = datetime(2025, 9, 1, tzinfo=UTC)  # a Monday
MODELS = ("meta-llama/Llama-3.1-70B-Instruct", "Qwen/Qwen3-32B", "mistralai/Mistral-Small-3.2-24B")
SHARES = (0.7, 0.2, 0.1)
HOUR_US = 3_600_000_000
LIMITS = (256, 512, 1024, 2048, 4096, 8192)
SCHEMA = pa.schema(
    [
        ("timestamp", pa.timestamp("us", "UTC")),
        ("model", pa.string()),
        ("operation", pa.string()),
        ("client_id", pa.string()),
        ("input_tokens", pa.int32()),
        ("output_tokens", pa.int32()),
        ("max_tokens", pa.int32()),
        ("ttft_us", pa.int64()),
        ("tpot_us", pa.int64()),
        ("e2e_us", pa.int64()),
        ("outcome", pa.string()),
        ("http_status", pa.int16()),
        ("finish_reason", pa.string()),
    ]
)
Ints = NDArray[np.int64]


def made(folder: Path, rows: int) -> Path:
    """The folder with about `rows` records, written if it is not there; the same number gives the same records."""
    place = folder / f"rows-{rows}"
    if not place.exists():
        unfinished = folder / f"unfinished-{rows}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        for hour, table in enumerate(hours(rows)):
            parquet.write_table(table, unfinished / f"{hour:04d}.parquet", compression="zstd", row_group_size=122_880)
        unfinished.rename(place)
    return place


def hours(rows: int) -> Iterator[pa.Table]:
    """Hour by hour: busy by day and at work, quiet at night; each hour has a seed of its own."""
    weights = np.array([_busy(hour) for hour in range(HOURS)])
    counts = np.floor(np.cumsum(weights) / weights.sum() * rows).astype(np.int64)
    for hour, count in enumerate(np.diff(counts, prepend=0)):
        yield _hour(hour, int(count))


def _busy(hour: int) -> float:
    day, clock = divmod(hour, 24)
    wave = 1 + 0.8 * np.sin((clock - 9) / 24 * 2 * np.pi)
    return float(wave * (1.0 if day % 7 < 5 else 0.5))


def _hour(hour: int, count: int) -> pa.Table:
    numbers = np.random.default_rng(hour)
    working = 8 <= hour % 24 < 18
    isl = _lengths(numbers, count, 700 if working else 350, 1.1, 32_000)
    osl = _lengths(numbers, count, 180 if working else 400, 0.9, 8_192)
    limit = np.array(LIMITS)[numbers.integers(0, len(LIMITS), count)]
    osl = np.minimum(osl, limit)
    ttft = (20_000 + isl * 45 + numbers.exponential(40_000, count)).astype(np.int64)
    tpot = numbers.gamma(9, 2_500, count).astype(np.int64) + 1
    start = int(START.timestamp()) * 1_000_000 + hour * HOUR_US
    done = numbers.random(count) > 0.01
    columns = [
        pa.array(start + np.sort(numbers.integers(0, HOUR_US, count)), pa.int64()).cast(pa.timestamp("us", "UTC")),
        _words(MODELS, numbers.choice(len(MODELS), count, p=SHARES)),
        _words(("chat",), np.zeros(count, np.int64)),
        _words([f"client-{n:03d}" for n in range(200)], np.minimum(numbers.geometric(0.04, count) - 1, 199)),
        pa.array(isl, pa.int32()),
        pa.array(osl, pa.int32()),
        pa.array(limit, pa.int32(), mask=numbers.random(count) < 0.3),
        pa.array(ttft),
        pa.array(tpot),
        pa.array(ttft + tpot * (osl - 1)),
        _words(("client_disconnect", "completed"), done.astype(np.int64)),
        pa.array(np.full(count, 200), pa.int16()),
        _words(("stop", "length"), (osl == limit).astype(np.int64)),
    ]
    return pa.table(columns, schema=SCHEMA)


def _lengths(numbers: np.random.Generator, count: int, median: float, spread: float, most: int) -> Ints:
    return np.clip(numbers.lognormal(np.log(median), spread, count), 1, most).astype(np.int64)


def _words(words: tuple[str, ...] | list[str], places: Ints) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(words)).cast(pa.string())
