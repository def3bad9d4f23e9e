"""The demo ends with what the analysis says, and leaves out what it does not say."""

import json
from pathlib import Path

from headline import headline

FIGURES = {
    "rate": {"mean_rps": 6.06, "peak_1s": 68},
    "lengths": {
        "target_over_share": 0.001,
        "confidence": 0.95,
        "max_input_len": 6464,
        "max_output_len": 1024,
        "max_seq_len": 6528,
    },
    "latency": {"ttft_ms": {"p50": 52.51, "p99": 225.2}, "itl_ms": None},
    "capacity": {
        "gpu": "H100",
        "rps_per_replica": 14.4,
        "peak_rps": 18.0,
        "replicas": 2,
        "rps_interval": [9.81, 17.2],
        "gpus_per_replica": 1,
        "gpus": 2,
    },
}


def lines(folder: Path, figures: dict[str, object]) -> list[str]:
    file = folder / "analysis.json"
    file.write_text(json.dumps({"models": {"m": figures}}))
    return headline(file, "m")


def test_lengths_gpus_peak_and_latency_are_told(tmp_path: Path) -> None:
    assert lines(tmp_path, FIGURES) == [
        "Max lengths   input 6,464, output 1,024, together 6,528 tokens (at most 0.1 % are longer, 95 % sure)",
        "Replicas      2 of 1 GPU = 2 × H100, each good for 14.4 requests/s (9.8 to 17.2, from the recorded times)",
        "Peak          18.0 requests/s to plan for; mean 6.1, busiest second 68",
        "TTFT          p50 52.5 ms, p99 225.2 ms",
    ]


def test_more_replicas_than_the_peak_takes_are_remarked_on(tmp_path: Path) -> None:
    capacity = {**FIGURES["capacity"], "replicas": 3, "gpus": 3}  # type: ignore[dict-item]
    told = lines(tmp_path, FIGURES | {"capacity": capacity})[1]
    assert told.endswith("; the peak alone would take 2, the report says why it is more")


def test_what_the_analysis_does_not_say_is_left_out(tmp_path: Path) -> None:
    told = lines(tmp_path, FIGURES | {"capacity": None, "latency": None})
    assert [line.split()[0] for line in told] == ["Max", "Peak"]
