"""Finished files are uploaded until the target has them, and none is deleted too early."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.sinks import shelf
from exporter.sinks.keeper import LAST_SECONDS, LONGEST_BACK_OFF_NS, PAUSE_NS, SECOND_NS, Keeper, Rules, due
from exporter.sinks.object_store import Unreachable
from exporter.sinks.shelf import Filed
from tests.fakes.executors import Deferred, Inline

START = 1763694000  # 2025-11-21 03:00 UTC
HOUR = 3600


def filed(number: int, size: int = 100) -> Filed:
    return Filed(f"file-{number}", size, START + number * HOUR)


def file(records: Path, number: int, size: int = 100) -> str:
    place = f"date=2025-11-21/hour={number:02d}/host-{START}000000-{number:06d}.parquet"
    path = records / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    return place


@dataclass
class Shelves:
    """A target in memory; `problem` is why it takes nothing."""

    url: str = "s3://bucket/prefix"
    problem: str | None = None
    objects: dict[str, bytes] = field(default_factory=dict)
    tries: int = 0
    after: Callable[[], None] = lambda: None

    def put(self, file: Path, place: str) -> None:
        self.tries += 1
        if self.problem is not None:
            raise Unreachable(self.problem)
        self.objects[place] = file.read_bytes()
        self.after()


def keeper(records: Path, target: Shelves | None = None, *, now: float = START, **rules: float) -> Keeper:
    limits = Rules(**{"keep_hours": 24.0, **rules})  # type: ignore[arg-type] # limits by name
    return Keeper(records, target, limits, Inline(), now=lambda: now, spent_ns=lambda: 0)


# --- what is due


def test_nothing_is_due_without_a_rule() -> None:
    assert due([filed(0)], None, Rules(), START + 10**9) == []


def test_a_file_is_due_when_the_end_of_its_hour_is_older_than_the_rule() -> None:
    files = [filed(0), filed(1)]
    assert due(files, None, Rules(hours=2), START + 2 * HOUR) == []
    assert due(files, None, Rules(hours=2), START + 2 * HOUR + 1) == files[:1]


def test_the_oldest_files_are_due_until_the_rest_fits() -> None:
    files = [filed(number) for number in range(4)]
    assert due(files, None, Rules(bytes=400), START) == []
    assert due(files, None, Rules(bytes=399), START) == files[:1]
    assert due(files, None, Rules(bytes=150), START) == files[:3]


def test_what_was_not_uploaded_is_never_due() -> None:
    files = [filed(number) for number in range(3)]
    rules = Rules(hours=0.1, bytes=1, keep_hours=0)
    assert due(files, {}, rules, START + 10**9) == []
    assert due(files, {"file-1": 0.0}, rules, START + 10**9) == [files[1]]


def test_an_uploaded_file_is_due_so_long_after_its_upload() -> None:
    uploaded = {"file-0": START + 10.0}
    assert due([filed(0)], uploaded, Rules(keep_hours=1), START + 10 + HOUR) == []
    assert due([filed(0)], uploaded, Rules(keep_hours=1), START + 11 + HOUR) == [filed(0)]


@given(
    st.lists(st.integers(0, 50), max_size=12),
    st.none() | st.sets(st.integers(0, 11)),
    st.integers(0, 200),
    st.integers(0, 12),
    st.integers(0, 5),
)
def test_whatever_the_rules_the_files_that_stay_fit_or_may_not_go(
    sizes: list[int], uploaded: set[int] | None, most: int, hours: int, keep: int
) -> None:
    files = [filed(number, size) for number, size in enumerate(sizes)]
    times = None if uploaded is None else {f"file-{number}": float(START) for number in uploaded}
    gone = due(files, times, Rules(hours, most, keep), START + 6 * HOUR)
    stay = [each for each in files if each not in gone]
    assert times is None or all(each.place in times for each in gone)
    free = [each for each in stay if times is None or each.place in times]
    assert not most or not free or sum(each.size for each in stay) <= most
    assert not hours or all(START + 6 * HOUR - each.hour_ends <= hours * HOUR for each in free)


# --- rounds


def test_each_file_is_uploaded_once_under_its_own_name(tmp_path: Path) -> None:
    places = [file(tmp_path, number) for number in range(3)]
    target = Shelves()
    kept = keeper(tmp_path, target)
    kept.tick(0)
    kept.tick(PAUSE_NS)
    kept.tick(3 * PAUSE_NS)
    assert list(target.objects) == places
    assert (kept.uploads, kept.backlog, target.tries) == ({"done": 3, "failed": 0}, 0, 3)
    again = keeper(tmp_path, target)
    again.tick(0)
    assert target.tries == 3, "what was uploaded before a restart is known"


def test_the_local_copy_goes_after_its_time_and_not_before(tmp_path: Path) -> None:
    place = file(tmp_path, 3)
    target = Shelves()
    keeper(tmp_path, target, now=START).tick(0)
    os.utime(tmp_path / shelf.MARKS / f"{place}.size", (START, START))
    keeper(tmp_path, target, now=START + 24 * HOUR).tick(0)
    assert (tmp_path / place).exists()
    keeper(tmp_path, target, now=START + 24 * HOUR + 1).tick(0)
    assert not (tmp_path / place).exists()
    assert place in target.objects


def test_an_outage_is_told_once_counted_and_caught_up_with(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    places = [file(tmp_path, number) for number in range(2)]
    target = Shelves(problem="NETWORK_CONNECTION during PutObject")
    kept = keeper(tmp_path, target, bytes=1)
    moment = 0
    for _ in range(8):
        kept.tick(moment)
        moment += PAUSE_NS
    kept.tick(moment)
    assert 2 <= kept.uploads["failed"] < 8, "attempts become rarer"
    assert kept.backlog == 200
    assert all((tmp_path / place).exists() for place in places)
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith(
        "Records cannot be uploaded to s3://bucket/prefix: NETWORK_CONNECTION during PutObject. They"
    )
    target.problem = None
    for _ in range(2):
        moment += LONGEST_BACK_OFF_NS
        kept.tick(moment)
    assert (list(target.objects), kept.backlog) == (places, 0)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_pauses_between_attempts_double_up_to_five_minutes(tmp_path: Path) -> None:
    file(tmp_path, 1)
    target = Shelves(problem="x")
    kept = keeper(tmp_path, target)
    attempts, tried = [], 0
    for second in range(0, 1800, 2):
        kept.tick(second * SECOND_NS)
        if target.tries > tried:
            tried = target.tries
            attempts.append(second)
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses == sorted(pauses)
    assert pauses[0] <= 4
    assert pauses[3:8] == [8, 16, 32, 64, 128]
    assert set(pauses[9:]) == {300}


def test_a_file_that_somebody_removed_meanwhile_hinders_no_other(tmp_path: Path) -> None:
    first, second = file(tmp_path, 1), file(tmp_path, 2)
    target = Shelves()
    target.after = (tmp_path / second).unlink
    third = file(tmp_path, 3)
    kept = keeper(tmp_path, target)
    kept.tick(0)
    target.after = lambda: None
    kept.tick(PAUSE_NS)
    kept.tick(3 * PAUSE_NS)
    assert sorted(target.objects) == [first, third]


def test_a_sidecar_that_is_not_alone_leaves_the_work_to_the_other(tmp_path: Path) -> None:
    file(tmp_path, 1)
    target = Shelves()
    kept = keeper(tmp_path, target)
    with shelf.alone(tmp_path):
        kept.tick(0)
    assert (target.tries, kept.backlog) == (0, 100)
    kept.tick(PAUSE_NS)
    kept.tick(3 * PAUSE_NS)
    assert (target.tries, kept.backlog) == (1, 0)


def test_without_a_target_old_files_go_all_the_same(tmp_path: Path) -> None:
    old, new = file(tmp_path, 1), file(tmp_path, 5)
    kept = keeper(tmp_path, hours=2, now=START + 3 * HOUR)  # 06:00; the old one's hour ended at 02:00
    kept.tick(0)
    assert not (tmp_path / old).exists()
    assert (tmp_path / new).exists()
    assert not kept.uploading


def test_a_folder_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "records").write_text("a file")
    kept = keeper(tmp_path / "records", Shelves())
    for second in (0, 10, 20):
        kept.tick(second * SECOND_NS)
    [said] = [record.getMessage() for record in caplog.records]
    assert "cannot be looked after: " in said


def test_a_round_that_breaks_is_told_without_its_text_and_followed_by_another(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file(tmp_path, 1)
    target = Shelves()

    def broken() -> None:
        raise ValueError("zirconquilt")

    target.after = broken
    kept = keeper(tmp_path, target)
    kept.tick(0)
    kept.tick(SECOND_NS)
    assert [record.getMessage() for record in caplog.records] == ["Looking after finished records failed: ValueError."]
    target.after = lambda: None
    kept.tick(200 * SECOND_NS)
    assert kept.uploads["done"] == 1


def test_a_long_round_makes_rounds_rare(tmp_path: Path) -> None:
    clock = iter([0, SECOND_NS, 0, 0, 0, 0])
    executor = Deferred()
    kept = Keeper(tmp_path, None, Rules(hours=1), executor, now=lambda: START, spent_ns=lambda: next(clock))
    kept.tick(0)
    assert executor.run() == 1
    kept.tick(SECOND_NS)
    kept.tick(20 * SECOND_NS)
    assert executor.run() == 0
    kept.tick(21 * SECOND_NS)
    assert executor.run() == 1


def test_the_end_tries_once_more_and_does_not_take_for_ever(tmp_path: Path) -> None:
    places = [file(tmp_path, number) for number in range(5)]
    moment = float(START)
    target = Shelves(problem="x")

    def slow() -> None:
        nonlocal moment
        moment += 0.6 * LAST_SECONDS

    target.after = slow
    kept = Keeper(tmp_path, target, Rules(keep_hours=1), Inline(), now=lambda: moment, spent_ns=lambda: 0)
    kept.tick(0)
    target.problem = None
    kept.close(1)
    assert list(target.objects) == places[:2]
