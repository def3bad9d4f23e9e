"""What the demo says at its end: the figures of `analysis.json` that answer what to run."""

import json
import math
from pathlib import Path
from typing import TypeAlias

LIMITS = (("input", "max_input_len"), ("output", "max_output_len"), ("together", "max_seq_len"))
Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


def headline(analysis: Path, model: str) -> list[str]:
    """One line for each answer: lengths, GPUs, peak, latency. What the analysis does not say is left out."""
    told = json.loads(analysis.read_text(encoding="utf-8"))
    figures = _at(told, "models", model)
    return [line for line in (_lengths(figures), _gpus(figures), _peak(figures), *_latency(figures)) if line]


def _at(value: Json, *path: str) -> Json:
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _number(value: Json, unit: str = "", digits: int = 0) -> str:
    return f"{value:,.{digits}f}{unit}" if isinstance(value, (int, float)) else "–"


def _percent(value: Json) -> str:
    return f"{100 * value:g} %" if isinstance(value, (int, float)) else "–"


def _lengths(figures: Json) -> str:
    lengths = _at(figures, "lengths")
    if lengths is None:
        return ""
    limits = ", ".join(f"{name} {_number(_at(lengths, key))}" for name, key in LIMITS)
    longer, sure = _percent(_at(lengths, "target_over_share")), _percent(_at(lengths, "confidence"))
    return f"Max lengths   {limits} tokens (at most {longer} are longer, {sure} sure)"


def _gpus(figures: Json) -> str:
    capacity = _at(figures, "capacity")
    if capacity is None:
        return ""
    return (
        f"Replicas      {_number(_at(capacity, 'replicas'))} of {_number(_at(capacity, 'gpus_per_replica'))} GPU = "
        f"{_number(_at(capacity, 'gpus'))} × {_at(capacity, 'gpu')}, each good for "
        f"{_number(_at(capacity, 'rps_per_replica'), digits=1)} requests/s{_bars(_at(capacity, 'rps_interval'))}"
        f"{_beyond_the_peak(capacity)}"
    )


def _beyond_the_peak(capacity: Json) -> str:
    """A word where there are more replicas than the rates explain: recorded hours may ask for them, or a spare."""
    numbers = [
        value
        for key in ("replicas", "peak_rps", "rps_per_replica")
        if isinstance(value := _at(capacity, key), (int, float))
    ]
    if len(numbers) < 3 or not numbers[2]:
        return ""
    replicas, alone = numbers[0], math.ceil(numbers[1] / numbers[2])
    return f"; the peak alone would take {alone}, the report says why it is more" if replicas > alone else ""


def _bars(interval: Json) -> str:
    if not isinstance(interval, list):
        return ""
    low, high = (_number(each, digits=1) for each in interval)
    return f" ({low} to {high}, from the recorded times)"


def _peak(figures: Json) -> str:
    rate = _at(figures, "rate")
    if rate is None:
        return ""
    return (
        f"Peak          {_number(_at(figures, 'capacity', 'peak_rps'), digits=1)} requests/s to plan for; mean "
        f"{_number(_at(rate, 'mean_rps'), digits=1)}, busiest second {_number(_at(rate, 'peak_1s'))}"
    )


def _latency(figures: Json) -> list[str]:
    lines = []
    for name, key in (("TTFT", "ttft_ms"), ("ITL", "itl_ms")):
        quantiles = _at(figures, "latency", key)
        if quantiles is not None:
            p50, p99 = (_number(_at(quantiles, each), " ms", 1) for each in ("p50", "p99"))
            lines.append(f"{name:<14}p50 {p50}, p99 {p99}")
    return lines
