"""The demo ends with a report, keeps no text, and leaves nothing running, however it ends."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from scripted_engine.words import PROMPT_WORDS

from tests.fakes.processes import ROOT, eventually
from tests.fakes.web import web

pytestmark = pytest.mark.e2e

SHORT = ("--minutes", "0.4", "--speed", "8")


@contextlib.contextmanager
def demo(folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that runs in `folder`, its output in `said`; whatever happens, nothing of it is left."""
    with (folder / "said").open("w", encoding="utf-8") as said:
        command = [sys.executable, str(ROOT / "examples" / "demo.py"), *options]
        process = subprocess.Popen(command, cwd=folder, stdout=said, stderr=said, text=True)
    try:
        yield process
    finally:
        for pid in running_in(folder):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def running_in(folder: Path) -> list[int]:
    """Processes whose working directory is `folder`: the demo and all that it started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").resolve() == folder.resolve() and (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def said(folder: Path) -> str:
    return (folder / "said").read_text(encoding="utf-8")


def test_the_demo_serves_until_it_is_interrupted_and_leaves_no_word_and_no_process(tmp_path: Path) -> None:
    with socket.socket() as taken, demo(tmp_path, *SHORT) as process:
        with contextlib.suppress(OSError):  # somebody else may have it, which is as good
            taken.bind(("127.0.0.1", 9465))
            taken.listen()
        eventually(lambda: "until Ctrl-C" in said(tmp_path) or process.poll() is not None, "the demo's end", 90)
        told = said(tmp_path)
        address = re.search(r"http://127\.0\.0\.1:\d+/metrics", told)
        assert address, told
        metrics = web().get(address.group()).content
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert running_in(tmp_path) == []
    assert b"tokentide_request_input_tokens_count" in metrics
    for line in ("Max lengths", "Replicas", "Peak", "TTFT", "ITL"):
        assert f"\n  {line} " in told
    left = b"\n".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()) + metrics
    assert [word for word in PROMPT_WORDS if word.encode() in left] == []


def test_the_demo_once_files_a_report_from_its_records_and_the_whole_trace(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", *SHORT) as process:
        assert process.wait(120) == 0, said(tmp_path)
        assert running_in(tmp_path) == []
    for name in ("report.html", "report.md", "analysis.json"):
        (path,) = re.findall(rf"\S+/{re.escape(name)}", said(tmp_path))
        assert (tmp_path / path).stat().st_size > 0
    sent = int(re.search(r": ([\d,]+) requests …", said(tmp_path)).group(1).replace(",", ""))  # type: ignore[union-attr]  # absent is a failure too
    recorded = sum(pq.read_metadata(file).num_rows for file in (tmp_path / "demo" / "records").rglob("*.parquet"))
    analysis = (tmp_path / path).read_text()
    assert recorded == sent
    assert re.search(rf'"requests": ?{19_366 + sent}\b', analysis)


def test_an_interrupted_demo_leaves_no_process(tmp_path: Path) -> None:
    with demo(tmp_path, "--once") as process:
        eventually(lambda: "Replaying" in said(tmp_path), "the replay's start", 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert running_in(tmp_path) == []
    assert "Traceback" not in said(tmp_path)


def test_a_demo_whose_engine_dies_says_so_in_one_sentence(tmp_path: Path) -> None:
    with demo(tmp_path, "--once", *SHORT) as process:
        eventually(lambda: "Replaying" in said(tmp_path), "the replay's start", 60)
        (engine,) = [pid for pid in running_in(tmp_path) if b"engine.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
        os.kill(engine, signal.SIGKILL)
        assert process.wait(60) == 1
        assert running_in(tmp_path) == []
    last = said(tmp_path).splitlines()[-1]
    assert last == "The demo failed: The engine stopped with status -9; its log is demo/logs/engine.log."


def test_a_second_demo_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    with demo(tmp_path, "--once") as process:
        eventually(lambda: "Starting" in said(tmp_path), "the demo's start", 60)
        second = subprocess.run(
            [sys.executable, str(ROOT / "examples" / "demo.py")],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130
    assert second.returncode == 1
    assert second.stderr == "The demo failed: Another demo is using demo; stop it, or give --folder.\n"
