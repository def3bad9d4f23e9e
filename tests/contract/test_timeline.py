"""What each `timeline` writes: the same columns always, lists only where they were asked for and mean something."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from exporter.catalog import TIME_PER_TOKEN
from exporter.observe.observation import Measurement
from exporter.observe.recorder import Recorder, TimelineMode
from exporter.record import COLUMNS
from exporter.sinks.records import Records
from tests.fakes.counters import WordCounter
from tests.fakes.executors import Inline
from tests.fakes.transcripts import JSON, Script, paced, sse

MODES: tuple[TimelineMode, ...] = ("none", "summary", "full")
ASKED = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "what is it"}]}
FINISH = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
LISTS = ("itl_counts", "chunk_gaps_us", "chunk_tokens")
SUMMARY = ("chunks", "ttft_us", "ttfa_us", "ttst_us", "tpot_us", "e2e_us", "itl_p50_us", "itl_p95_us", "itl_max_us")


def frame(text: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


STREAM = Script(paced(sse(frame("a b"), frame(" c"), frame(" d e f"), FINISH)), ASKED)
ONE_TOKEN = Script(paced(sse(frame("a"), FINISH)), ASKED)
REFUSED = Script([(50, b"{}")], ASKED, headers=JSON, status=429)
WHOLE = Script(
    [(50, b'{"choices":[{"index":0,"message":{"content":"a b"},"finish_reason":"stop"}]}')],
    {**ASKED, "stream": False},
    headers=JSON,
)


def filed(folder: Path, mode: TimelineMode, script: Script) -> dict[str, Any]:
    """The row that the script leaves in Parquet."""
    records = Records(folder, "host", 1, Inline())
    records.accept(Recorder("host", mode).measure(script.observe(), WordCounter()), ("w0", 1))
    records.close()
    [file] = folder.rglob("*.parquet")
    table = pq.read_table(file, partitioning=None)
    assert table.schema.names == [column.name for column in COLUMNS], "every column is there, whatever the mode"
    row: dict[str, Any] = table.to_pylist()[0]
    return row


@pytest.mark.parametrize("mode", MODES)
def test_a_stream_has_its_summary_in_every_mode(tmp_path: Path, mode: TimelineMode) -> None:
    row = filed(tmp_path, mode, STREAM)
    assert [row[name] for name in SUMMARY if row[name] is None] == []
    assert (row["chunks"], row["ttst_us"], row["output_tokens"]) == (3, 10_000, 6)


def test_none_has_no_list(tmp_path: Path) -> None:
    row = filed(tmp_path, "none", STREAM)
    assert [row[name] for name in LISTS] == [None, None, None]


def test_summary_has_the_tokens_of_each_bucket_of_the_catalogue(tmp_path: Path) -> None:
    row = filed(tmp_path, "summary", STREAM)
    assert len(row["itl_counts"]) == len(TIME_PER_TOKEN) + 1
    assert sum(row["itl_counts"]) == 4, "all tokens but those of the first event"
    assert (row["chunk_gaps_us"], row["chunk_tokens"]) == (None, None)


def test_full_has_every_gap_and_the_tokens_of_every_event_too(tmp_path: Path) -> None:
    row = filed(tmp_path, "full", STREAM)
    assert sum(row["itl_counts"]) == 4
    assert row["chunk_gaps_us"] == [10_000, 10_000]
    assert row["chunk_tokens"] == [2, 1, 3]
    assert sum(row["chunk_gaps_us"]) == row["e2e_us"] - row["ttft_us"]
    assert (len(row["chunk_tokens"]), sum(row["chunk_tokens"])) == (row["chunks"], row["output_tokens"])


@pytest.mark.parametrize("mode", MODES)
def test_one_token_has_a_first_time_and_nothing_between(tmp_path: Path, mode: TimelineMode) -> None:
    row = filed(tmp_path, mode, ONE_TOKEN)
    assert row["ttft_us"] == row["e2e_us"] == 48_000
    assert [row[name] for name in ("ttst_us", "tpot_us", "itl_p50_us", "itl_p95_us", "itl_max_us")] == [None] * 5
    assert [row[name] for name in LISTS] == [None, [] if mode == "full" else None, [1] if mode == "full" else None]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("script", [WHOLE, REFUSED], ids=["not streamed", "refused"])
def test_what_is_no_stream_has_no_timeline_in_any_mode(tmp_path: Path, mode: TimelineMode, script: Script) -> None:
    row = filed(tmp_path, mode, script)
    missing = [row[name] for name in (*LISTS, *(set(SUMMARY) - {"e2e_us"}))]
    assert missing == [None] * len(missing)
    assert row["e2e_us"] == 48_000


def test_the_parts_of_the_prompt_and_its_prefix_blocks_are_carried_to_parquet(tmp_path: Path) -> None:
    measured = Recorder("host").measure(STREAM.observe(), WordCounter())
    parts = {"system_tokens": 1, "history_tokens": 2, "user_tokens": 3, "tool_tokens": 2**31 - 1}
    blocks = (-(2**63), 0, 2**63 - 1)
    records = Records(tmp_path, "host", 1, Inline())
    for i, prefix_blocks in enumerate((blocks, (), None)):
        record = replace(measured.record, **parts, timestamp=measured.record.timestamp + i, prefix_blocks=prefix_blocks)
        records.accept(Measurement(record))
    records.close()
    [file] = tmp_path.rglob("*.parquet")
    rows = pq.read_table(file, partitioning=None).to_pylist()
    assert [row["prefix_blocks"] for row in rows] == [list(blocks), [], None]
    assert [{name: row[name] for name in parts} for row in rows] == [parts] * 3
