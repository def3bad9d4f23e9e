"""The whole journey in about a minute: engine, sidecar, real traffic, records, report.

A scripted engine stands in for GPUs, the sidecar stands before it, and a slice of a real trace is replayed through
both, several times as fast as it happened. The analyzer then reads the records of the sidecar together with the whole
trace, whose times are shifted to end where the demo began.
"""

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import uvloop
from headline import headline
from processes import DemoFailed, Program, answer, port, start, stop, wait_for
from replay import FIRST_MINUTE, MINUTES, SPEED, TRACE, Seen, replay_and_show, summary
from traffic import Habits, UnusableTrace, plan, read_slice

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
MODEL = "azure-conv-2023"
GPUS = 4
START_SECONDS = 30.0
RECORDS_SECONDS = 40.0
REPORT_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything of one run lies, and the addresses."""

    folder: Path
    engine: int
    sidecar: int
    admin: int
    health: int

    @property
    def records(self) -> Path:
        """What the sidecar writes."""
        return self.folder / "records"

    @property
    def trace(self) -> Path:
        """The folder of the shifted trace."""
        return self.folder / "trace"

    @property
    def reports(self) -> Path:
        """What the analyzer writes."""
        return self.folder / "report"

    def log(self, name: str) -> Path:
        """The log of one program."""
        return self.folder / "logs" / f"{name}.log"


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; 0 when it is done or stopped after that, 1 when something failed, 130 when stopped before."""
    told = options(arguments)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits it ignored
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _as_interrupt)
    programs: list[Program] = []
    done = False
    try:
        with only_one(told.folder):
            places = prepare(told.folder)
            journey(places, told.minutes, told.speed, programs)
            done = True
            if not told.once:
                serve(places, programs)
    except (DemoFailed, UnusableTrace) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0 if done else 130
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second Ctrl-C must not leave a program behind
        stop(programs)
    return 0


def options(arguments: list[str] | None) -> argparse.Namespace:
    """The parsed command line."""
    parser = argparse.ArgumentParser(prog="demo.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--once", action="store_true", help="end after the report instead of serving metrics on")
    parser.add_argument("--folder", type=Path, default=Path("demo"), help="where everything is written (demo)")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help=f"length of the slice of the trace ({MINUTES:g})"
    )
    parser.add_argument("--speed", type=float, default=SPEED, help=f"times faster than it happened ({SPEED:g})")
    return parser.parse_args(arguments)


def _as_interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 – the signature of a handler
    os.kill(os.getpid(), signal.SIGINT)  # event loops know how to end on this one


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder; DemoFailed if another demo uses it or it cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w", encoding="utf-8")
    except OSError as error:
        raise DemoFailed(f"The folder {folder} cannot be written: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DemoFailed(f"Another demo is using {folder}; stop it, or give --folder.") from error
        yield


def prepare(folder: Path) -> Places:
    """Remove what an earlier run left in `folder` and choose ports."""
    for name in ("records", "trace", "report", "logs"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    return Places(
        folder,
        engine=port(8000, "engine"),
        sidecar=port(8080, "sidecar"),
        admin=port(9464, "metrics page"),
        health=port(9465, "health page"),
    )


def journey(places: Places, minutes: float, speed: float, programs: list[Program]) -> None:
    """Everything up to the printed headline; started programs are added to `programs`."""
    began = time.monotonic()
    engine, sidecar = start_both(places, programs)
    rows = read_slice(TRACE, FIRST_MINUTE, minutes)
    print(f"Replaying {minutes:g} min of a real conversation trace, {speed:g} times as fast: {len(rows):,} requests …")
    first_request = time.time()
    seen = uvloop.run(replay_and_show(plan(rows, speed, Habits(), seed=1), f"http://127.0.0.1:{places.sidecar}"))
    print(f"  {summary(seen)}")
    judge(seen, engine, sidecar)
    print("Waiting for the records …")
    wait_for(lambda: accounted(places) >= seen.sent, RECORDS_SECONDS, sidecar, "Not all requests were accounted for")
    lost = unobserved(places)
    if lost:
        print(
            f"  {lost:,} requests were not observed, as the machine is busy with other things; the sidecar counts them."
        )
    write_shifted_trace(places.trace / "azure_conv.parquet", first_request)
    print("Analysing the records together with the whole trace …")
    analysis = report(places)
    show(places, analysis, rows_in(places.records), time.monotonic() - began)


def start_both(places: Places, programs: list[Program]) -> tuple[Program, Program]:
    """The engine and the sidecar before it, both ready."""
    print(f"Starting a scripted engine ({GPUS} simulated GPUs) and the sidecar …")
    engine_url = f"http://127.0.0.1:{places.engine}"
    command = [sys.executable, str(HERE / "engine.py"), "--port", str(places.engine), "--model", MODEL]
    engine = start(programs, "engine", [*command, "--gpus", str(GPUS)], places.log("engine"))
    wait_for(lambda: answer(f"{engine_url}/health") is not None, START_SECONDS, engine, "The engine did not answer")
    command = [str(PROGRAMS / "tokentide-exporter"), "serve", "--upstream", engine_url]
    for option, number in (("listen", places.sidecar), ("admin", places.admin), ("health", places.health)):
        command += [f"--{option}", f"127.0.0.1:{number}"]
    command += ["--records", str(places.records), "--settings", str(HERE / "demo_sidecar.toml")]
    sidecar = start(programs, "sidecar", command, places.log("sidecar"))
    ready = f"http://127.0.0.1:{places.health}/readyz"
    wait_for(lambda: is_ready(ready), START_SECONDS, sidecar, "The sidecar was not ready")
    return engine, sidecar


def is_ready(url: str) -> bool:
    """True where the sidecar says that it relays and observes."""
    told = json.loads(answer(url) or b"{}")
    return bool(told.get("status") == told.get("observer") == "ready")


def judge(seen: Seen, engine: Program, sidecar: Program) -> None:
    """DemoFailed if a program ended or a request failed."""
    engine.must_run()
    sidecar.must_run()
    if seen.failed:
        raise DemoFailed(f"{seen.failed} of {seen.sent} requests failed; the log of the sidecar is {sidecar.log}.")


def rows_in(records: Path) -> int:
    """Rows of all finished Parquet files of a folder."""
    return sum(pq.read_metadata(file).num_rows for file in records.rglob("*.parquet"))


def accounted(places: Places) -> int:
    """Requests that are recorded or counted as not observed."""
    return rows_in(places.records) + unobserved(places)


def unobserved(places: Places) -> int:
    """Requests that the sidecar relayed without a record, as it counts them; 0 while it does not answer."""
    live = json.loads(answer(f"http://127.0.0.1:{places.admin}/live") or b"{}")
    lost = live.get("records", {}).get("lost", {})
    return int(sum(live.get("dropped", {}).values()) + sum(lost.values()))


def write_shifted_trace(file: Path, end: float) -> None:
    """The whole trace with its times moved so that its last request is at `end`, seconds since the epoch."""
    table = pq.read_table(TRACE)
    micros = table["timestamp"].cast(pa.int64())
    shifted = pc.add(micros, round(end * 1e6) - pc.max(micros).as_py()).cast(pa.timestamp("us", "UTC"))
    pq.write_table(table.set_column(table.schema.get_field_index("timestamp"), "timestamp", shifted), file)


def report(places: Places) -> Path:
    """Run the analyzer; the path of its `analysis.json`."""
    command = [str(PROGRAMS / "tokentide-analyzer"), "report", str(places.records), str(places.trace)]
    command += ["--out", str(places.reports), "--settings", str(HERE / "demo.toml")]
    running: list[Program] = []
    try:
        analyzer = start(running, "analyzer", command, places.log("analyzer"))
        wait_for(lambda: analyzer.process.poll() == 0, REPORT_SECONDS, analyzer, "The report was not finished")
    finally:
        stop(running)
    found = sorted(places.reports.rglob("analysis.json"))
    if not found:
        raise DemoFailed(f"The analyzer wrote no analysis; its log is {analyzer.log}.")
    return found[-1]


def show(places: Places, analysis: Path, recorded: int, seconds: float) -> None:
    """Print the headline and where to find the rest."""
    print(f"\nDone in {seconds:.0f} s. What this traffic needs:\n")
    for line in headline(analysis, MODEL):
        print(f"  {line}")
    print()
    for name, path in (("Report", "report.html"), ("", "report.md"), ("", analysis.name)):
        print(f"  {name:<14}{analysis.parent / path}")
    print(f"  {'Records':<14}{places.records} ({recorded:,} requests, none of their text)")


def serve(places: Places, programs: list[Program]) -> None:
    """Keep everything running until Ctrl-C; DemoFailed if a program ends by itself."""
    print(f"  {'Metrics':<14}http://127.0.0.1:{places.admin}/metrics and /live, until Ctrl-C")
    print(f"  {'Sidecar':<14}http://127.0.0.1:{places.sidecar}/v1, an OpenAI-compatible address to try")
    while True:
        for program in programs:
            program.must_run()
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
