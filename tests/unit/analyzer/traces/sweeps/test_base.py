"""What the user says of a run, and what the file says."""

from pathlib import Path

from analyzer.traces.sweeps.base import Run, Told

RUN = Run(Path("run.json"), model="theirs", tp=2, osl=64.0)


def test_what_the_user_says_goes_before_the_file() -> None:
    assert Told(model="ours", osl=32.0).over(RUN) == Run(Path("run.json"), model="ours", tp=2, osl=32.0)


def test_nothing_said_changes_nothing() -> None:
    assert Told().over(RUN) == RUN
