"""Profiles and records of a known engine as files."""

from datetime import timedelta
from pathlib import Path

from tests.fakes.recordings import MONDAY, row, write
from tests.fakes.replays import recorded

MODEL = "meta-llama/Llama-3.1-8B"


def profile(folder: Path, name: str, **knobs: object) -> Path:
    """A profile of the 8B model on H100 with `knobs` beside."""
    lines = [f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in knobs.items()]
    path = folder / f"{name}.toml"
    path.write_text(
        "\n".join(['gpu = "h100-sxm"', *(["model = " + f'"{MODEL}"'] if "model" not in knobs else []), *lines])
    )
    return path


def records(folder: Path, *, latency: bool = True, number: int = 6000, model: str = MODEL) -> Path:
    """What two replicas recorded of `number` requests on two days."""
    known = recorded(number, 5.0, days=2)
    sent = known.requests
    rows = [
        row(0, int(sent.isl[i]), int(sent.osl[i]), model=model)
        | {"timestamp": MONDAY + timedelta(microseconds=int(sent.arrival_us[i]))}
        | ({"ttft_us": int(known.ttft_ms[i] * 1000), "e2e_us": int(known.e2e_ms[i] * 1000)} if latency else {})
        for i in range(len(sent))
    ]
    return write(folder / f"{'with' if latency else 'without'}.parquet", rows)
