from analyzer.traces.formats import FORMATS


def test_every_format_says_whether_its_times_need_a_start() -> None:
    assert {name for name, source in FORMATS.items() if source.relative} == {"burstgpt", "mooncake", "servegen"}
    assert set(FORMATS) >= {"azure", "csv", "jsonl", "parquet", "aiperf", "guidellm", "vllm-bench", "litellm", "otlp"}
