import os
import signal
from pathlib import Path

import pytest

from exporter.app.start_observer import giving_way, step_back


def test_others_may_run_while_it_loads_and_no_alarm_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(os, "sched_yield", lambda: asked.append(True))
    with giving_way():
        while not asked:
            sum(range(100))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN


def test_it_goes_behind_others_also_where_sessions_cannot_be_ranked(monkeypatch: pytest.MonkeyPatch) -> None:
    by: list[int] = []

    def refused(_path: Path, _text: str, encoding: str) -> None:
        raise PermissionError(encoding)

    monkeypatch.setattr(os, "nice", by.append)
    monkeypatch.setattr(Path, "write_text", refused)
    step_back()
    assert by == [10]
