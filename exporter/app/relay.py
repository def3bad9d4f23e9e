"""Entry of a relay process."""

import asyncio
import logging
import os
import socket
import sys
import time
from dataclasses import replace

import setproctitle
import uvloop

from exporter.app.control import Control
from exporter.app.files import allow_files
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
    allow_files()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")

    uvloop.run(_serve(options, listener, control))


async def _serve(options: RelayOptions, listener: socket.socket, control: Control) -> None:
    ended = asyncio.Event()
    control.on_dismissed(ended)
    await serve(options, listener, ended, control.tell)


if __name__ == "__main__":
    main()
