"""A folder that is read-only, goes away or comes back costs the records of that time and nothing else."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_fail_open import OBSERVER, asked, balanced
from tests.fakes.processes import Engine, Sidecar, eventually, sidecar

pytestmark = pytest.mark.e2e


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own at the folder; skips where there is no right to mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk of its own, which this needs, cannot be mounted here (no root rights)")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, how: str) -> bool:
    return (
        subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], capture_output=True, check=False).returncode == 0
    )


def lost(relay: Sidecar) -> dict[str, int]:
    counted: dict[str, int] = relay.live()["records"]["lost"]
    return counted


def accounted(relay: Sidecar) -> tuple[int, int]:
    """Records written and lost, as this observer has counted them."""
    said = relay.live()["records"]
    return said["written"], sum(said["lost"].values())


def killed(relay: Sidecar, pid: int) -> None:
    """Waits until the supervisor has noticed, and the next observer is ready."""
    eventually(lambda: not Path(f"/proc/{pid}").exists(), "the end of the observer")
    relay.wait_ready()


def test_an_observer_that_starts_on_a_read_only_disk_counts_and_records_again_when_it_is_writable(
    engine: Engine, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    with small_disk(records, "16m"), sidecar(engine.url, tmp_path) as relay:
        asked(relay, 0)
        balanced(relay, 1)
        os.kill(relay.process.pid, signal.SIGSTOP)  # so that nothing is written while the disk changes
        observer = relay.child(OBSERVER)
        os.kill(observer, signal.SIGKILL)
        eventually(lambda: remount(records, "ro"), "the disk that is read-only")
        os.kill(relay.process.pid, signal.SIGCONT)
        killed(relay, observer)
        for number in range(1, 6):
            asked(relay, number)
        eventually(lambda: lost(relay) == {"read_only": 5}, "the count of what the disk did not take")
        assert relay.live()["dropped"] == {}
        eventually(lambda: "Records are lost: read_only." in relay.log, "the warning")
        assert remount(records, "rw")
        asked(relay, 6)
        eventually(lambda: relay.live()["records"]["written"] == 1, "the first record on the disk that is back")
        assert lost(relay) == {"read_only": 5}
        assert relay.stop() == 0
        assert [row["request_id"] for row in relay.rows()] == ["request-0", "request-6"]


def test_an_observer_that_starts_on_a_full_disk_counts_and_records_again_when_there_is_room(
    engine: Engine, tmp_path: Path
) -> None:
    records = tmp_path / "records"
    with small_disk(records, "128k"), sidecar(engine.url, tmp_path) as relay:
        asked(relay, 0)
        balanced(relay, 1)
        with contextlib.suppress(OSError), (records / "somebody's").open("wb") as other:
            while True:
                other.write(b"x" * 4096)
                other.flush()
        observer = relay.child(OBSERVER)
        os.kill(observer, signal.SIGKILL)
        killed(relay, observer)
        number = 1
        while not lost(relay).get("disk_full") and number < 200:
            asked(relay, number)
            number += 1
        eventually(lambda: sum(accounted(relay)) == number - 1, "the account of the second observer")
        _, gone = accounted(relay)
        assert gone > 0
        (records / "somebody's").unlink()
        asked(relay, number)
        eventually(lambda: accounted(relay) == (number - gone, gone), "the first record that finds room")
        assert relay.stop() == 0
        assert len(relay.rows()) == number + 1 - gone


def test_a_folder_that_vanishes_costs_what_was_in_it_and_is_made_again(engine: Engine, tmp_path: Path) -> None:
    with sidecar(engine.url, tmp_path) as relay:
        for number in range(5):
            asked(relay, number)
        balanced(relay, 5)
        shutil.rmtree(relay.records)
        eventually(lambda: lost(relay) == {"removed": 5}, "the count of what was deleted")
        eventually(lambda: "Records are lost: removed." in relay.log, "the warning")
        for number in range(5, 10):
            asked(relay, number)
        eventually(lambda: relay.live()["records"]["written"] == 10, "records in the new folder")
        assert lost(relay) == {"removed": 5}
        assert relay.stop() == 0
        assert [row["request_id"] for row in relay.rows()] == [f"request-{number}" for number in range(5, 10)]


def test_a_folder_below_a_regular_file_is_refused_before_any_traffic(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file")
    with sidecar(engine.url, tmp_path, ready=False) as relay:
        assert relay.process.wait(20) == 2
        assert "records cannot be made: there is a file in its place." in relay.log
