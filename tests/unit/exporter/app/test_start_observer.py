import os
import signal
import subprocess
import sys

import pytest

from exporter.app.start_observer import giving_way, stay


def test_others_may_run_while_it_loads_and_no_alarm_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(os, "sched_yield", lambda: asked.append(True))
    with giving_way() as enough:
        while not asked:
            sum(range(100))
        enough()
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
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


def test_arrays_are_made_without_pandas_where_it_is_installed() -> None:
    script = (
        "import sys; from exporter.app.start_observer import WithoutPandas; sys.meta_path.insert(0, WithoutPandas());"
        "import pyarrow as pa; assert pa.array([1, None], pa.int32()).to_pylist() == [1, None];"
        "print([name for name in sys.modules if name.startswith('pandas.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
