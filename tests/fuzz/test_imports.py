"""Whatever is in a file: an import ends with records, with rows set aside, or with a sentence, and loses no row."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.traces import FORMATS, Wishes, import_files
from tests.fuzz.effort import effort

NOW = 1_795_000_000_000_000
FILES: dict[str, tuple[str, bytes]] = {
    "azure": (
        "a.csv",
        b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,48,10\n2024-05-10 00:00:00+00:00,1,2\n",
    ),
    "burstgpt": (
        "a.csv",
        (
            b"Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
            b"5.0,x,4.5,ChatGPT,472,18,490,Conversation log\n7,,1,GPT-4,4,0,4,API log\n"
        ),
    ),
    "mooncake": (
        "a.jsonl",
        (
            b'{"timestamp": 0, "input_length": 67, "output_length": 500, "hash_ids": [0, 1]}\n'
            b'{"timestamp": 3000, "input_length": 28, "output_length": 445, "hash_ids": [0]}\n'
        ),
    ),
    "servegen": ("a.csv", b"request_id,timestamp,input_tokens,output_tokens\n0,0.25,120,30\n1,7,8,9\n"),
    "csv": ("a.csv", b"timestamp,input_tokens,output_tokens,stream,ttft_us\n2025-01-01,1,2,true,5\n"),
    "jsonl": (
        "a.jsonl",
        b'{"timestamp": "2025-01-01T00:00:00Z", "model": "m", "input_tokens": 5, "output_tokens": 7, "n": 1}\n',
    ),
    "aiperf": (
        "profile_export.jsonl",
        (
            b'{"metadata": {"request_start_ns": 1795220610304861779, "benchmark_phase": "profiling"}, "metrics": '
            b'{"input_sequence_length": {"value": 263, "unit": "tokens"}, "output_sequence_length": {"value": 4}, '
            b'"time_to_first_token": {"value": 100.5, "unit": "ms"}, "request_latency": {"value": 130, "unit": "ms"}, '
            b'"inter_token_latency": {"value": 10.0, "unit": "ms"}, '
            b'"inter_chunk_latency": {"value": [8.0, 12.0, 10.0], "unit": "ms"}}, "error": null}\n'
        ),
    ),
    "guidellm": (
        "a.json",
        (
            b'{"metadata": {"version": 2}, "benchmarks": [{"config": {"backend": {"model": "m"}}, "requests": '
            b'{"successful": [{"request_id": "r", "prompt_tokens": 138, "output_tokens": 31, "info": {"timings": '
            b'{"request_start": 1795220585.5, "first_token_iteration": 1795220585.6}}}]}}]}'
        ),
    ),
    "vllm-bench": (
        "a.json",
        (
            b'{"date": "20250901-120000", "duration": 60.0, "model_id": "m", "input_lens": [100, 200], "output_lens": '
            b'[4, 1], "start_times": [5000.0, 5000.5], "ttfts": [0.1, 0.2], "itls": [[0.01, 0.02, 0.03], []], '
            b'"latencies": [0.16, 0.2], "errors": ["", ""]}\n'
        ),
    ),
    "litellm": (
        "a.json",
        (
            b'[{"request_id": "c", "call_type": "completion", "prompt_tokens": 2, "completion_tokens": 1, "startTime": '
            b'"2025-04-01T12:00:00Z", "endTime": "2025-04-01T12:00:02.5Z", "model": "a", "cache_hit": "False"}]'
        ),
    ),
    "otlp": (
        "a.jsonl",
        (
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": "e", "startTimeUnixNano": "173568960000000032", '
            b'"status": {"code": 2}, "attributes": [{"key": "gen_ai.request.model", "value": {"stringValue": "m"}}, '
            b'{"key": "gen_ai.usage.input_tokens", "value": {"intValue": "12"}}]}]}]}]}\n'
        ),
    ),
}
BITS = [b"null", b"1e999", b"-1", b'"x"', b"[]", b"{}", b"true", b"9" * 23, b",", b"\n", b'"', b"\r", b"\xff", b"\x00"]
BITS += [b"NaN", b"1.5", b"9e18", b"-9e18", b"2025-13-45", b""]
VALUE = re.compile(rb'(?<=[:,\[ ])("[^"]*"|-?[\d.]+|true|false|null)')

changes = st.lists(
    st.tuples(st.sampled_from(["insert", "cut", "value", "byte"]), st.integers(0, 10_000), st.sampled_from(BITS)),
    min_size=1,
    max_size=4,
)
wishes = st.builds(
    Wishes,
    timezone=st.sampled_from([None, "Europe/Berlin"]),
    start=st.just(1_735_689_600_000_000),
    unit=st.sampled_from([None, None, "s", "ns", "iso"]),
    model=st.sampled_from([None, "m"]),
)


def changed(content: bytes, how: list[tuple[str, int, bytes]]) -> bytes:
    data = bytearray(content)
    for kind, place, bit in how:
        at = place % (len(data) + 1)
        values = list(VALUE.finditer(bytes(data)))
        if kind == "insert":
            data[at:at] = bit
        elif kind == "cut":
            del data[at : at + 1 + place % 29]
        elif kind == "value" and values:
            found = values[place % len(values)]
            data[found.start() : found.end()] = bit
        else:
            data[at : at + 1] = bytes([place % 256])
    return bytes(data)


@pytest.mark.parametrize("name", FILES)
def test_no_content_is_a_fault_of_ours_and_no_row_is_lost(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(name)
    file, content = FILES[name]

    @effort(40)
    @given(changes, wishes)
    def once(how: list[tuple[str, int, bytes]], asked: Wishes) -> None:
        path: Path = folder / file
        path.write_bytes(changed(content, how))
        try:
            done = import_files(name, FORMATS[name], [path], asked, folder / "out", NOW)
        except AnalyzerError:
            return
        assert done.read == done.records + sum(done.set_aside.values())

    once()


def test_every_format_of_text_is_tried() -> None:
    assert set(FILES) == set(FORMATS) - {"parquet"}
