"""What the kernel says of processes: their trees, processor time and memory; and where they may run."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_PROC = Path("/proc")
_LATENCY = Path("/dev/cpu_dma_latency")
_TICK_NS = 1_000_000_000 // os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Processor time in nanoseconds; `system_ns`, the kernel's share, is known to 10 ms only."""

    total_ns: int = 0
    system_ns: int = 0

    def __sub__(self, other: "Cpu") -> "Cpu":
        return Cpu(self.total_ns - other.total_ns, self.system_ns - other.system_ns)


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    parents: dict[int, list[int]] = {}
    for pid, fields in _all_stats():
        parents.setdefault(int(fields[1]), []).append(pid)
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def children(pid: int) -> list[int]:
    """The processes that the first thread of a process has started and that still live; none where it has ended."""
    try:
        return [int(each) for each in (_PROC / str(pid) / "task" / str(pid) / "children").read_text().split()]
    except OSError:
        return []


def title(pid: int) -> str:
    """The command line of a process, which it may have replaced by a title."""
    try:
        return (_PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def cpu(pids: Iterable[int]) -> Cpu:
    """Processor time of processes so far: utime + stime, taken from schedstat, which has it in nanoseconds."""
    total = system = 0
    for pid in pids:
        try:
            for task in (_PROC / str(pid) / "task").iterdir():
                total += int((task / "schedstat").read_text().split()[0])
            system += int(_stat(pid)[12]) * _TICK_NS
        except OSError:
            continue  # it has ended; what it used is lost with it
    return Cpu(total, system)


def idle_ns(core: int) -> int:
    """How long a core was idle since the machine started, to 10 ms.

    The kernel measures idle time; the times beside it in /proc/stat are counted by its tick, up to a core too much for
    a program that wakes with the tick.
    """
    for line in (_PROC / "stat").read_text().splitlines():
        name, *fields = line.split()
        if name == f"cpu{core}":
            _user, _nice, _system, idle, iowait = map(int, fields[:5])
            return (idle + iowait) * _TICK_NS
    raise SystemExit(f"This machine has no core {core}.")


def rss_kb(pids: Iterable[int]) -> int:
    """Resident memory of processes in KB."""
    total = 0
    for pid in pids:
        try:
            lines = (_PROC / str(pid) / "status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return total


def place(pid: int, core: int, nice: int) -> None:
    """Moves every thread of a process to a core and a priority; new threads inherit both.

    Where the kernel groups processes by session, a priority counts within its group only, so the group of one that
    leads its session gets it, too.
    """
    if os.getsid(pid) == pid:
        prefer(pid, nice)
    for task in (_PROC / str(pid) / "task").iterdir():
        os.setpriority(os.PRIO_PROCESS, int(task.name), nice)  # first, or it has the new core until we get to it
        os.sched_setaffinity(int(task.name), {core})


def prefer(pid: int, nice: int) -> None:
    """Gives the session of a process another priority, where the kernel groups processes by session and allows it."""
    with suppress(OSError):
        (_PROC / str(pid) / "autogroup").write_text(str(nice))


@contextmanager
def awake() -> Iterator[None]:
    """Keeps idle cores from sleeping, where that is allowed (root), as profiles for low latency do.

    A request for a latency of 0 holds as long as the device is open: Linux, Documentation/power/pm_qos_interface.rst.
    """
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(_LATENCY.open("wb", buffering=0)).write(bytes(4))
        yield


def idle_cores() -> str:
    """Whether idle cores sleep until they are woken, which takes time and, in a virtual machine, another's leave."""
    try:
        return "stay awake" if not any(_LATENCY.read_bytes()[:4]) else "sleep"
    except OSError:
        return "unknown"


def start(
    command: list[str], core: int | None, output: int | IO[str] | None = None, folder: Path | None = None
) -> subprocess.Popen[str]:
    """Starts a program on one core, None for any, in a session of its own with our session's priority.

    `output` takes what it prints, and a file its errors.
    """
    errors = output if output is not None and output != subprocess.PIPE else None
    pinned = command if core is None else ["taskset", "-c", str(core), *command]
    process = subprocess.Popen(pinned, stdout=output, stderr=errors, cwd=folder, start_new_session=True, text=True)
    inherit(process.pid)
    return process


def inherit(pid: int) -> None:
    """Gives the session of a process our session's priority, where the kernel groups processes by session."""
    with suppress(OSError):
        ours = session_priority((_PROC / "self" / "autogroup").read_text())
        if ours:
            prefer(pid, ours)


def session_priority(autogroup: str) -> int:
    """The nice value of /proc/PID/autogroup, "/autogroup-25 nice 0"; 0 where the kernel groups nothing: no text."""
    last = autogroup.rpartition(" ")[2].strip()
    return int(last) if last.lstrip("-").isdecimal() else 0


def end(process: subprocess.Popen[str], seconds: float = 5.0) -> None:
    """Asks a program to end, and kills what is left of its tree after some seconds."""
    pids = tree(process.pid)
    process.terminate()
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        process.poll()
        if not any((_PROC / str(pid)).exists() for pid in pids):
            return
        time.sleep(0.02)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()


def free_ports(count: int) -> list[int]:
    """Ports on the loopback that nobody uses now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name: state first, so that `stime` has index 12."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _all_stats() -> Iterator[tuple[int, list[str]]]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), _stat(int(folder.name))
            except OSError:
                continue
