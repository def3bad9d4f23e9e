"""What the exporter writes is what the analyzer reads: the record is all they share."""

import json
from pathlib import Path

from analyzer.cli import main
from exporter.catalog import TIME_PER_TOKEN
from exporter.record import RequestRecord, as_dict
from exporter.sinks import parquet
from tests.fakes.recordings import MONDAY

START_US = int(MONDAY.timestamp()) * 1_000_000
BUCKETS = len(TIME_PER_TOKEN) + 1


def record(i: int) -> RequestRecord:
    return RequestRecord(
        timestamp=START_US + i * 1_000_000,
        request_id=f"r{i}",
        model="m",
        operation="chat",
        client_id="caller",
        input_tokens=100 + i % 50,
        output_tokens=10 + i % 5,
        max_tokens=256,
        ttft_us=20_000 + i,
        tpot_us=9_000,
        e2e_us=200_000,
        itl_counts=tuple(9 if bucket == 5 else 0 for bucket in range(BUCKETS)),
        finish_reason="stop",
        http_status=200,
        prefix_blocks=(1, 2, 3),
    )


def test_records_of_the_exporter_are_analysed_with_all_their_columns(tmp_path: Path) -> None:
    records = [record(i) for i in range(7200)]
    refused = RequestRecord(timestamp=START_US + 5, request_id="x", model="m", outcome="refused", http_status=429)
    embedded = RequestRecord(
        timestamp=START_US + 6, request_id="e", model="m", operation="embeddings", input_tokens=9, output_tokens=0
    )
    rows = parquet.table([as_dict(one) for one in (*records, refused, embedded)])
    assert len(parquet.write(rows, tmp_path / "records", "host-1")) == 2
    (tmp_path / "records" / ".spool").mkdir()
    (tmp_path / "records" / ".spool" / "half.parquet").write_bytes(b"not finished")
    target = tmp_path / "analysis.json"
    assert main(["analyze", str(tmp_path / "records"), "--out", str(target)]) == 0
    analysis = json.loads(target.read_text())
    model = analysis["models"]["m"]
    assert model["requests"] == 7200
    assert analysis["window"]["set_aside"] == {"embeddings": 1, "no_input_tokens": 1}
    assert model["clients"] == [{"client_id": "caller", "share": 1.0}]
    assert model["latency"]["ttft_ms"]["p50"] == 23.599
    assert model["latency"]["tpot_ms"]["p99"] == 9.0
    assert 8 < model["latency"]["itl_ms"]["p50"] < 10
    assert model["rate"]["poisson_p95_1s"] == 3
