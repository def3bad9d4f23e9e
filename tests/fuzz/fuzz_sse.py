"""Fuzzes the reader of event streams: `python tests/fuzz/fuzz_sse.py -max_total_time=60`."""

import sys
from pathlib import Path

import atheris

sys.path[0] = str(Path(__file__).parents[2])

with atheris.instrument_imports(include=["exporter"]):
    from tests.fuzz.guided import reads, run, seed
    from tests.fuzz.sse_check import check
    from tests.fuzz.test_sse import PARTS

LIMITS = (30, 1000, 1 << 22)


def one_input(data: bytes) -> None:
    """Reads what the input means."""
    choice, pieces = reads(data)
    check(pieces, LIMITS[choice % len(LIMITS)])


def seeds() -> list[bytes]:
    """Every two parts side by side."""
    pairs = [first + second + b"data: c\n\n" for first in PARTS for second in PARTS]
    return [seed(number % 256, pair, every_byte=number % 2 == 0) for number, pair in enumerate(pairs)]


if __name__ == "__main__":
    run(one_input, seeds(), PARTS)
