"""Imported traces are analysed like the traces themselves, by the commands."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from analyzer.cli import main

TRACES = Path(__file__).parents[3] / "shared" / "traces"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def once(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return once


def test_the_analysis_of_the_source_is_the_analysis_of_the_trace(run: Run, tmp_path: Path) -> None:
    trace = TRACES / "azure_code.parquet"
    if not trace.exists():
        pytest.skip("the public traces are not beside this checkout, in ../shared/traces")
    rows = (
        f"{row['timestamp']:%Y-%m-%d %H:%M:%S.%f}0,{row['input_tokens']},{row['output_tokens']}"
        for row in parquet.read_table(trace).to_pylist()
    )
    source = tmp_path / "AzureLLMInferenceTrace_code.csv"
    source.write_text("\n".join(["TIMESTAMP,ContextTokens,GeneratedTokens", *rows]))
    code, out, err = run("import", "azure", source, "--out", tmp_path / "records", "--model", "azure-code-2023")
    assert (code, err) == (0, "")
    assert "read       8,819 rows from 1 file" in out
    assert "set aside  0 rows" in out
    assert run("analyze", tmp_path / "records", "--all") == run("analyze", trace, "--all")


def test_exit_codes_are_those_of_the_contract(run: Run, tmp_path: Path) -> None:
    empty, out = tmp_path / "a.csv", ("--out", tmp_path / "records")
    empty.write_text("TIMESTAMP,ContextTokens,GeneratedTokens\n")
    assert run("import", "mooncake", empty, *out)[0] == 2
    code, _, err = run("import", "azure", tmp_path / "none.csv", *out)
    assert (code, len(err.splitlines())) == (3, 1)
    code, _, err = run("import", "azure", empty, *out)
    assert (code, len(err.splitlines())) == (4, 1)
    with pytest.raises(SystemExit) as ended:
        main(["import", "unknown", str(empty), "--out", "x"])
    assert ended.value.code == 2


def test_records_of_different_tools_are_analysed_together(run: Run, tmp_path: Path) -> None:
    out = ("--out", tmp_path / "records")
    azure, spans = tmp_path / "a.csv", tmp_path / "b.jsonl"
    stamps = "".join(f"2025-03-03 00:{i // 60 % 60:02d}:{i % 60:02d},{100 + i % 50},{i % 9 + 1}\n" for i in range(3000))
    azure.write_text(f"TIMESTAMP,ContextTokens,GeneratedTokens\n{stamps}")
    spans.write_text(
        "".join(
            json.dumps({"timestamp": i * 1000, "input_length": 50, "output_length": 5, "hash_ids": [i]}) + "\n"
            for i in range(3000)
        )
    )
    assert run("import", "azure", azure, "--model", "a", *out)[0] == 0
    assert run("import", "mooncake", spans, "--model", "b", "--start", "2025-03-03", *out)[0] == 0
    code, text, err = run("analyze", tmp_path / "records")
    assert (code, err) == (0, "")
    models: dict[str, Any] = json.loads(text)["models"]
    assert {name: model["requests"] for name, model in models.items()} == {"a": 3000, "b": 3000}
