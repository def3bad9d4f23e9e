"""The command line of the scripted engine."""

import argparse
import asyncio
import gc
import signal
import sys

from scripted_engine.batching import Pool, StepCost
from scripted_engine.connection import Connection, Engine
from scripted_engine.log import Log
from scripted_engine.pacer import Pacer
from scripted_engine.script import Script

ABOUT = """An OpenAI-compatible engine for the demo and for tests.

A request without a script is timed like a continuous-batching engine (one simulated H100 per --gpus, see batching.py),
or by --ttft-ms and --itl-ms where they are given. A request with a header `x-script: {"ttft_ms": 50, "itl_ms": 20,
"tokens": 30, ...}` or a body field `x_script` is answered exactly so (see script.py). GET /engine/answers tells when
each content event was due and when it was written; DELETE forgets them.
"""


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The parsed command line; exits with 2 and a message for a wrong one."""
    parser = argparse.ArgumentParser(
        prog="engine.py", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on, 0 for any free one (8000)")
    parser.add_argument("--model", action="append", help="a model name to list; may be repeated (scripted)")
    parser.add_argument("--gpus", type=int, default=1, help="simulated GPUs behind this address (1)")
    parser.add_argument("--ttft-ms", type=float, help="fixed time to first token instead of the simulation")
    parser.add_argument("--itl-ms", type=float, help="fixed time between tokens instead of the simulation")
    return parser.parse_args(arguments)


async def serve(told: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM; prints the address once connections are taken."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    fixed = {"ttft_ms": told.ttft_ms, "itl_ms": told.itl_ms}
    given = {name: value for name, value in fixed.items() if value is not None}
    pacer = Pacer(loop)
    engine = Engine(
        pacer=pacer,
        pool=Pool(pacer, told.gpus, StepCost()),
        log=Log(),
        models=tuple(told.model or ["scripted"]),
        timing=Script(**given) if given else None,
    )
    server = await loop.create_server(lambda: Connection(engine), told.host, told.port, backlog=2048)
    host, port = server.sockets[0].getsockname()[:2]
    print(f"scripted engine on http://{host}:{port}", flush=True)
    gc.freeze()
    await stop.wait()
    server.close()


def main(arguments: list[str] | None = None) -> int:
    """Run the engine; 0 after a signal, 1 where the address cannot be had."""
    told = options(arguments)
    try:
        asyncio.run(serve(told))
    except OSError as error:
        print(f"The engine cannot listen on {told.host}:{told.port}: {error.strerror}.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
