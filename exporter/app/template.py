"""The process that has loaded what observers need, and divides whenever one is to start."""

import contextlib
import gc
import os
import signal
import socket
import sys
from typing import Final

import setproctitle

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""What NumPy and Arrow read when they are loaded: the threads that they start would be missing in every copy."""


def main() -> None:
    """Becomes an observer in a copy of itself for each pair of sockets, control and listening, that it is sent.

    The argument is the number of the inherited socket to the supervisor. Answers with the copy's process id, and ends
    when the supervisor is gone or the system has no process or descriptor to spare; the next start brings another one.
    """
    supervisor = socket.socket(fileno=int(sys.argv[1]))
    stay()
    os.environ.update(_ONE_THREAD)
    sys.meta_path.insert(0, WithoutPandas())
    from exporter.app import observer  # noqa: PLC0415 - not before what it loads is told how

    setproctitle.setproctitle("tokentide-template")
    gc.collect()
    gc.freeze()  # or the first collection of each copy would write into, and so copy, what it shares with us
    while numbers := asked(supervisor):
        try:
            pid = divide()
        except OSError as error:
            raise SystemExit(f"No observer can be started: {error.strerror}.") from None
        if not pid:
            supervisor.close()
            observer.main(*numbers)
            return
        for number in numbers:
            os.close(number)
        with contextlib.suppress(ConnectionError):
            supervisor.sendall(str(pid).encode())


def asked(supervisor: socket.socket) -> list[int]:
    """The numbers of the sockets that are sent for the next copy; none when the supervisor is gone."""
    try:
        numbers = socket.recv_fds(supervisor, 1, 2)[1]
    except ConnectionError:  # it was gone before it heard of the last copy
        return []
    return numbers if len(numbers) == 2 else []  # fewer where we have no descriptor to spare


def divide() -> int:
    """Makes a copy of this process whose parent is the next one above us that takes in orphans.

    Returns 0 in the copy, and its process id here once it has that parent. Raises OSError where there can be none.
    """
    hear, tell = os.pipe()
    between = os.fork()
    if not between:
        try:
            pid = os.fork()
            if not pid:
                os.close(hear)
                os.close(tell)
                return 0
            os.write(tell, str(pid).encode())
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    os.close(tell)
    pid = int(os.read(hear, 20) or 0)
    os.close(hear)
    failed = os.waitstatus_to_exitcode(os.waitpid(between, 0)[1])
    if not pid:
        raise OSError(failed, os.strerror(failed))
    return pid


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
