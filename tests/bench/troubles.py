"""What can befall an observer, done to the one of a running sidecar; each is undone when its context ends."""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes
from tests.bench.peers import Running
from tests.fakes.vocabularies import word_tokenizer

Trouble = Callable[[Running, int], AbstractContextManager[None]]
"""Of a sidecar, whose observer has the core of this number; lasts as long as its context."""

_LOOK_SECONDS = 0.05
_FIRST_KILL_SECONDS = 1.0
"""After the start of a run: its measured window has begun, and has the observer's new start in it."""
_LIFE_SECONDS = 0.3
"""How long an observer that is killed again and again lives, its start included."""
_AT_ONCE_SECONDS = 0.09
_BETWEEN_SECONDS = 0.01
_SMALL_DISK = "size=128k"


@dataclass(frozen=True, slots=True)
class Condition:
    """One trouble and how it comes about.

    `prepare` makes of the sidecar's folder what the trouble needs, before it starts, and gives options for it. `filled`
    is one that a burst of requests comes before, which is not measured. `told` is whether the observer can be asked for
    its counters meanwhile.
    """

    name: str
    trouble: Trouble
    prepare: Callable[[Path], AbstractContextManager[Sequence[str]]] = lambda _folder: nullcontext(())
    filled: bool = False
    told: bool = False


@contextmanager
def killed(running: Running, core: int, times: int) -> Iterator[None]:
    """Kills the observer a second after the start, and those that follow it 0.3 s after they were seen, so many times.

    Each that follows is bound to the core at the lowest priority, as the first one was.
    """
    assert running.process is not None
    supervisor = running.process.pid
    ended = threading.Event()

    def kill() -> None:
        _step_back()
        living, pause = running.observer, _FIRST_KILL_SECONDS
        for _ in range(times):
            if ended.wait(pause):
                return
            for pid in living:
                os.kill(pid, signal.SIGKILL)
            living, pause = _next(supervisor, living, ended), _LIFE_SECONDS
            for pid in living:
                processes.place(pid, core, nice=19)

    with _beside(kill, ended):
        yield


def observers(supervisor: int) -> tuple[int, ...]:
    """The observers that live."""
    return tuple(pid for pid in processes.children(supervisor) if "observer" in processes.title(pid))


def _next(supervisor: int, before: Sequence[int], ended: threading.Event) -> tuple[int, ...]:
    """Waits for an observer that is none of those before; none when all is over."""
    while not ended.wait(_LOOK_SECONDS):
        found = observers(supervisor)
        if found and not set(found) & set(before):
            return found
    return ()


def killed_once(running: Running, core: int) -> AbstractContextManager[None]:
    """A second after the start."""
    return killed(running, core, 1)


def killed_again(running: Running, core: int) -> AbstractContextManager[None]:
    """For as long as it lasts."""
    return killed(running, core, 1000)


def untouched(_running: Running, _core: int) -> AbstractContextManager[None]:
    """Nothing befalls it during a run."""
    return nullcontext()


@contextmanager
def stopped(running: Running, _core: int) -> Iterator[None]:
    """SIGSTOP, for as long as it lasts."""
    _signal(running, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(running, signal.SIGCONT)


@contextmanager
def slowed(running: Running, _core: int) -> Iterator[None]:
    """The observer runs for a tenth of the time."""
    ended = threading.Event()

    def hinder() -> None:
        _step_back()
        while not ended.wait(_BETWEEN_SECONDS):
            _signal(running, signal.SIGSTOP)
            ended.wait(_AT_ONCE_SECONDS)
            _signal(running, signal.SIGCONT)

    with _beside(hinder, ended):
        yield


@contextmanager
def small_disk(folder: Path) -> Iterator[Sequence[str]]:
    """The folder of records becomes a file system that holds a few hundred. Raises SystemExit without root rights."""
    records = folder / "records"
    records.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", _SMALL_DISK, "none", str(records)]
    if subprocess.run(mount, check=False).returncode:
        raise SystemExit("A small disk cannot be mounted: --fail-open needs root rights for the condition 'disk full'.")
    try:
        yield ()
    finally:
        subprocess.run(["umount", "--lazy", str(records)], check=True)


@contextmanager
def broken_tokenizer(folder: Path) -> Iterator[Sequence[str]]:
    """A vocabulary of one word, without an entry for those that it does not know: it raises on every text."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings.toml"
    settings.write_text(word_tokenizer(folder / "tokenizer.json", unknown=False, models="*"))
    yield "--settings", str(settings)


@contextmanager
def _beside(work: Callable[[], None], ended: threading.Event) -> Iterator[None]:
    """Runs a loop in a thread until the context ends, which sets its event."""
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _step_back() -> None:
    """The calling thread alone: the load generator has this core, too."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)


def _signal(running: Running, which: signal.Signals) -> None:
    for pid in running.observer:
        os.kill(pid, which)
