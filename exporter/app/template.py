"""The process that has loaded what observers need: it becomes one, and leaves a copy of itself for the next."""

import contextlib
import gc
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

import setproctitle

from exporter.errors import Unusable
from exporter.memory import give_back

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""What NumPy and Arrow read when they are loaded: the threads that they start would be missing in every copy."""


def main() -> None:
    """Becomes an observer on the pair of sockets, control and listening, that it is sent.

    The argument is the number of the inherited socket to the supervisor. Just before, it leaves a copy of itself, which
    tells the supervisor its process id and becomes the next one; where the system has no process to spare there is no
    copy. Ends when the supervisor is gone.
    """
    supervisor = socket.socket(fileno=int(sys.argv[1]))
    stay()
    os.environ.update(_ONE_THREAD)
    sys.meta_path.insert(0, WithoutPandas())
    from exporter.app import observer  # noqa: PLC0415 - not before what it loads is told how
    from exporter.tokens import vocabulary  # noqa: PLC0415

    setproctitle.setproctitle("tokentide-template")
    gc.collect()
    gc.freeze()  # or the first collection of each copy would write into, and so copy, what it shares with the other
    heard = None
    while numbers := asked(supervisor, heard, vocabulary.load):
        heard, tell = os.pipe()
        if leave():
            supervisor.close()
            os.close(heard)
            observer.main(*numbers, partial(say, tell))
            return
        for number in (tell, *numbers):
            os.close(number)
        with contextlib.suppress(ConnectionError):
            supervisor.sendall(str(os.getpid()).encode())


def asked(supervisor: socket.socket, heard: int | None, load: Callable[[str], object]) -> tuple[int, int] | None:
    """The numbers of the sockets that are sent for the next observer; None when the supervisor is gone.

    Meanwhile loads the vocabularies that the observer before has loaded, as it says in the pipe `heard`, which is
    closed here: so the next one has them when it starts.
    """
    while heard is not None and supervisor.fileno() not in select.select((supervisor.fileno(), heard), (), ())[0]:
        names = os.read(heard, 4096).decode().split()
        for name in names:
            with contextlib.suppress(Unusable):
                load(name)
        if names:
            give_back()
        else:
            os.close(heard)
            heard = None
    if heard is not None:
        os.close(heard)
    try:
        numbers = socket.recv_fds(supervisor, 1, 2)[1]
    except ConnectionError:  # it was gone before it heard of the last copy
        return None
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None  # fewer where we have no descriptor to spare


def leave() -> bool:
    """Leaves a copy of this process, if it can; False in the copy."""
    try:
        return os.fork() != 0
    except OSError:
        return True


def say(tell: int, name: str) -> None:
    """Says the name of a vocabulary to the template, if it lives."""
    with contextlib.suppress(OSError):
        os.write(tell, f"{name}\n".encode())


def stay() -> None:
    """Ignores what asks a program to end: the supervisor says on the control line when the relays have told all.

    Whoever stops a service may signal all its processes at once, and relays still have open requests to tell of.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


class WithoutPandas:
    """Lets pandas be found by nobody: Arrow loads it with its first array, 50 MB, to ask whether it is given some."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:  # noqa: ARG002 - as called
        """Raises ModuleNotFoundError for pandas, as where it is not installed."""
        if fullname == "pandas":
            raise ModuleNotFoundError("pandas is of no use here", name=fullname)


if __name__ == "__main__":
    main()
