import os
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from exporter.app.start_observer import attributes, giving_way, stay, step_back


def test_others_may_run_while_it_loads_and_no_alarm_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(os, "sched_yield", lambda: asked.append(True))
    with giving_way():
        while not asked:
            sum(range(100))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN


def test_what_asks_programs_to_end_does_not_end_it() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        stay()
        for number in before:
            signal.raise_signal(number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_it_goes_behind_others_also_where_sessions_cannot_be_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    by: list[int] = []

    def refused(_path: Path, _text: str, encoding: str) -> None:
        raise PermissionError(encoding)

    monkeypatch.setattr(os, "nice", by.append)
    monkeypatch.setattr(Path, "write_text", refused)
    monkeypatch.setattr("platform.machine", lambda: "other")
    step_back()
    assert by == [10]


def test_slices_are_the_shortest_that_linux_grants() -> None:
    size, policy, flags, niceness, *_, slice_ns, _deadline, _period = struct.unpack("=IIQiIQQQ", attributes(10))
    assert (size, policy, flags, niceness, slice_ns) == (48, os.SCHED_BATCH, 0, 10, 100_000)


def test_arrays_are_made_without_pandas_where_it_is_installed() -> None:
    script = (
        "import sys; from exporter.app.start_observer import WithoutPandas; sys.meta_path.insert(0, WithoutPandas());"
        "import pyarrow as pa; assert pa.array([1, None], pa.int32()).to_pylist() == [1, None];"
        "print([name for name in sys.modules if name.startswith('pandas.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
