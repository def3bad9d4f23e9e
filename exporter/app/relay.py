"""Entry of a relay process."""

import asyncio
import contextlib
import logging
import os
import resource
import socket
import sys
import time
from dataclasses import replace

import setproctitle
import uvloop

from exporter.app.control import Control
from exporter.proxy.ports import Limits
from exporter.proxy.server import RelayOptions, UpstreamOptions, serve
from exporter.proxy.tls import Files


def main() -> None:
    """Runs a relay: arguments are the numbers of the inherited control and listening sockets."""
    control = Control(int(sys.argv[1]))
    listener = socket.socket(fileno=int(sys.argv[2]))
    given = control.options()
    given["observed"] = tuple(given["observed"])  # type: ignore[arg-type]  # JSON has lists only
    given["name"] = f"{given['name']}-{os.getpid()}-{time.time_ns():x}"  # never the same again
    engines = [UpstreamOptions(**each) for each in given["upstreams"]]  # type: ignore[attr-defined]  # likewise
    given["upstreams"] = tuple(replace(each, models=tuple(each.models)) for each in engines)
    given["limits"] = Limits(**given["limits"])  # type: ignore[arg-type]  # written by our own supervisor
    for side in ("client_tls", "engine_tls"):
        given[side] = Files(**given[side])  # type: ignore[arg-type]  # written by our own supervisor
    options = RelayOptions(**given)  # type: ignore[arg-type]  # written by our own supervisor
    setproctitle.setproctitle("tokentide-relay")
    _allow_files()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")

    uvloop.run(_serve(options, listener, control))


async def _serve(options: RelayOptions, listener: socket.socket, control: Control) -> None:
    ended = asyncio.Event()
    control.on_orphaned(ended)
    await serve(options, listener, ended, control.ready)


def _allow_files() -> None:
    """Raises the limit of open files as far as may be: each exchange needs two, and many systems start with 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


if __name__ == "__main__":
    main()
