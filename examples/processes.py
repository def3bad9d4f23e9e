"""The programs that the demo runs: started with a log, waited for, and stopped without leaving one behind."""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

STOP_SECONDS = 10.0
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DemoFailed(Exception):
    """The demo cannot go on; the message is one sentence that says what went wrong and names the log, if any."""


@dataclass(frozen=True, slots=True)
class Program:
    """A running program; it leads a process group of its own, so that Ctrl-C reaches only the demo itself."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def must_run(self) -> None:
        """Raise DemoFailed if the program has ended."""
        status = self.process.poll()
        if status is not None:
            raise DemoFailed(f"The {self.name} stopped with status {status}; its log is {self.log}.")


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Hold signals back until the end of the block, so that a program cannot be started and then be forgotten."""
    held: list[int] = []
    before = {number: signal.signal(number, lambda number, _: held.append(number)) for number in INTERRUPTS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held:
        raise KeyboardInterrupt


def start(running: list[Program], name: str, command: list[str], log: Path) -> Program:
    """Start `command` with its output in `log` and add it to `running`; DemoFailed where it cannot be started."""
    with uninterrupted(), log.open("wb") as output:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )
        except OSError as error:
            raise DemoFailed(f"The {name} cannot be started: {command[0]}: {error.strerror}.") from error
        running.append(Program(name, process, log))
    return running[-1]


def stop(programs: list[Program]) -> None:
    """Ask each program to end, the last started first; what does not within ten seconds is killed with its children."""
    for program in reversed(programs):
        program.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # the usual case: nobody of the group is left
            os.killpg(program.process.pid, signal.SIGKILL)
        program.process.wait()


def answer(url: str) -> bytes | None:
    """The body of a GET of `url` that is answered with 200, else None."""
    try:
        with DIRECT.open(url, timeout=2.0) as response:
            return bytes(response.read()) if response.status == 200 else None
    except OSError:  # refused, timed out, or an HTTP status that says no
        return None


def wait_for(happened: Callable[[], bool], seconds: float, program: Program, otherwise: str) -> None:
    """Look ten times a second until `happened`; DemoFailed if the program ends or `seconds` pass."""
    give_up = time.monotonic() + seconds
    while not happened():
        program.must_run()
        if time.monotonic() > give_up:
            raise DemoFailed(f"{otherwise} within {seconds:g} s; the log of the {program.name} is {program.log}.")
        time.sleep(0.1)


def port(wanted: int, what: str) -> int:
    """`wanted` if it is free on the loopback address, else any free port, which is said."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        chosen = int(probe.getsockname()[1])
    if chosen != wanted:
        print(f"  port {wanted} is taken, so the {what} uses {chosen}")
    return chosen
