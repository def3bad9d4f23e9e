"""What the sidecar's processes hold over time: memory, files and threads, as the kernel counts them."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes

WHO = ("relay", "observer", "supervisor", "template")


@dataclass(frozen=True, slots=True)
class Held:
    """What one process holds; memory in KB."""

    pid: int
    rss_kb: int
    files: int
    threads: int


@dataclass(frozen=True, slots=True)
class Sample:
    """All processes at one moment, `at` seconds after the start; None for one that is not there.

    `chunks` and `asked` are what the clients had until then, `load` the load generator's share of a core since the
    sample before. `quiet`: nothing is asked, and every idle connection is closed.
    """

    at: float
    held: dict[str, Held | None]
    chunks: int
    asked: int
    load: float
    quiet: bool = False


def family(supervisor: int) -> dict[str, int]:
    """The process ids of the sidecar's processes by role; a role that nobody has at the moment is missing."""
    found = {"supervisor": supervisor}
    for pid in processes.tree(supervisor):
        name = processes.title(pid).partition(" ")[0].strip("\0")
        if name.startswith("tokentide-") and name.removeprefix("tokentide-") in WHO:
            found[name.removeprefix("tokentide-")] = pid
    return found


def held(supervisor: int) -> dict[str, Held | None]:
    """What each process holds now."""
    pids = family(supervisor)
    return {who: _held(pids[who]) if who in pids else None for who in WHO}


def _held(pid: int) -> Held | None:
    folder = Path("/proc") / str(pid)
    with suppress(OSError, KeyError):
        lines = (folder / "status").read_text().splitlines()
        status = dict(line.partition(":")[::2] for line in lines)
        files = len(list((folder / "fd").iterdir()))
        return Held(pid, int(status["VmRSS"].split()[0]), files, int(status["Threads"]))
    return None
