"""What a real engine did beside what was predicted, as tables between two marks of docs/accuracy.md."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from tests.accuracy import real

PAGE: Final = Path(__file__).parents[2] / "docs" / "accuracy.md"
_AGREE: Final = """
    SELECT
        count(*),
        count(*) FILTER (input_tokens = usage_prompt_tokens AND output_tokens = usage_completion_tokens),
        median(abs(client_ttft_us - ttft_us)) / 1000, quantile_cont(abs(client_ttft_us - ttft_us), 0.95) / 1000,
        median(abs(client_e2e_us - e2e_us)) / 1000, quantile_cont(abs(client_e2e_us - e2e_us), 0.95) / 1000
    FROM read_parquet(?) WHERE load::VARCHAR = ?
"""


def write() -> None:
    """Replaces what stands between the marks."""
    text = PAGE.read_text(encoding="utf-8")
    for name, lines in (("real", _predicted()), ("client", _seen_by_the_client())):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = text.split(begin)
        text = f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{end}{rest.split(end)[1]}"
    PAGE.write_text(text, encoding="utf-8")


def _predicted() -> Iterator[str]:
    yield "| tokens a step | load | requests | ITL mean | ITL p95 | TTFT p50 | TTFT p95 | E2E p50 |"
    yield f"|{' --- |' * 8}"
    for run, limits in real.RUNS.items():
        for load, many in real.loads(run).items():
            if not load.endswith(", 1 out"):
                cells = " | ".join(_cells(run, load))
                yield f"| {limits.max_num_batched_tokens:,} | {load}{_seen(run, load)} | {many} | {cells} |"


def _seen(run: str, load: str) -> str:
    return ", seen by the fit" if run == "steps_of_8192" and load in real.SEEN else ""


def _cells(run: str, load: str) -> Iterator[str]:
    truth = real.measured(run, load)
    said = [real.predicted(run, load, each.times) for each in (real.fitted(), real.reckoned())]
    for true, *figures in zip(truth, *said, strict=True):
        fit, reckoned = (each / true - 1 for each in figures)
        shown = f"{true:,.0f}" if true >= 100 else f"{true:.3g}"
        yield f"**{shown}** {fit:+.0%} {reckoned:+.0%}"


def _seen_by_the_client() -> Iterator[str]:
    yield "| tokens a step | load | requests | counts = usage | TTFT | latency |"
    yield f"|{' --- |' * 6}"
    for run, limits in real.RUNS.items():
        for load in real.loads(run):
            found = duckdb.execute(_AGREE, [str(real.SAMPLES / f"{run}.parquet"), load]).fetchone()
            many, same, *times = found or ()
            ttft, latency = (" / ".join(f"{each:.2f}" for each in times[at : at + 2]) for at in (0, 2))
            yield f"| {limits.max_num_batched_tokens:,} | {load} | {many} | {same} of {many} | {ttft} | {latency} |"
