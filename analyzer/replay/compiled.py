"""The simulation as machine code that is made anew when any part of it has changed."""

import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

from analyzer.replay import machine, order, routing, scheduling, state, stepping
from analyzer.replay.machine import kept
from analyzer.replay.state import Simulation

_PARTS = (machine, order, routing, scheduling, state, stepping)


@cache
def compiled() -> Callable[[Simulation], None]:
    """The function that runs a simulation; its machine code is made, or found on disk, when it is first called."""
    # numba looks for changes in this module only, and at the values that a function closes over
    made_of = zlib.crc32(b"".join(Path(str(part.__file__)).read_bytes() for part in _PARTS))

    def run(sim: Simulation) -> None:
        if made_of >= 0:
            routing.run(sim)

    return kept(run)
