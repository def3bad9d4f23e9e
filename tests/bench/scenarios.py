"""The work that every proxy is given: what the engine answers and what the load generator asks."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["request", "chunk"]

_WARM_MS = 400
_STREAMS_WARM_MS = 800
_TAIL_MS = 400


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of work.

    `chunks` and `gap_us` say how the engine streams (a gap of 0 is its highest rate, no chunks a whole answer of
    1 KB); `load` are the load generator's options (see told.h).
    """

    key: str
    title: str
    unit: Unit
    chunks: int
    gap_us: int
    load: tuple[tuple[str, int], ...]

    @property
    def engine(self) -> str:
        """The path that sets the engine; the order of the options is fixed."""
        return f"/set?stream={int(self.chunks > 0)}&chunks={self.chunks}&gap_us={self.gap_us}&reply=1024"

    @property
    def offered(self) -> float | None:
        """Units per second that are asked for; None where the next request follows the answer."""
        options = dict(self.load)
        if "rate" in options:
            return float(options["rate"])
        return options["conns"] * 1e6 / self.gap_us if self.gap_us and "waves" not in options else None

    def arguments(self, port: int, loose: int) -> list[str]:
        """The load generator's arguments against a port; `loose` says what is not compared (see told.h)."""
        options = {"port": port, "stream": int(self.chunks > 0), "chunks": self.chunks, "loose": loose}
        return [f"{name}={value}" for name, value in {**options, **dict(self.load)}.items()]


def scenarios(seconds: float, times: float = 1) -> tuple[Scenario, ...]:
    """All scenarios; `seconds` is how long each is measured, and the one whose p99 is a target so many times that.

    A few stretches of the scheduler's tick are the slowest hundredth of a short one.
    """
    ms = int(seconds * 1000)
    return (
        _requests("r", "1 KB in, 1 KB out, 2,000 a second", ms, conns=64, rate=2000),
        _streams("c", "200 streams, a chunk every 20 ms", 200, 20_000, int(ms * times)),
        Scenario("f", "200 streams start at once", "chunk", 10, 20_000, _waves(ms)),
        _streams("e", "1,000 streams, 45,000 chunks a second", 1000, 22_000, ms),
        _requests("a", "1 KB in, 1 KB out, as fast as it goes", ms, conns=64),
        _requests("d", "1 MB prompt", ms, conns=4, prompt=1 << 20),
        Scenario("b", "streams at the highest rate", "chunk", 2000, 0, (("conns", 8), *_window(_WARM_MS, ms))),
    )


WARM_UP = Scenario(
    "", "a few requests, so that everything is loaded", "request", 0, 0, (("warm_ms", 0), ("run_ms", 100))
)
STALL = Scenario(
    "s", "one stream of 95 MB that is not read", "chunk", 410_000, 0,
    (("conns", 1), ("requests", 1), ("stall", 1), *(("warm_ms", 0), ("run_ms", 3000), ("limit_ms", 10_000))),
)  # fmt: skip
"""Three seconds, so that what it holds is seen: the kernel takes up to 4 MB of it at once, and a relay gives back what
these leave in its heap before the end.
"""


def _window(warm_ms: int, run_ms: int) -> tuple[tuple[str, int], ...]:
    return (("warm_ms", warm_ms), ("run_ms", run_ms))


def _requests(key: str, title: str, ms: int, **options: int) -> Scenario:
    return Scenario(key, title, "request", 0, 0, (*options.items(), *_window(_WARM_MS, ms)))


def _streams(key: str, title: str, conns: int, gap_us: int, ms: int) -> Scenario:
    """Streams that last longer than the window. Each starts eleven phases after the one before: all phases differ,
    and the starts take so long that they burden nobody.
    """
    chunks = (_STREAMS_WARM_MS + ms + _TAIL_MS) * 1000 // gap_us
    options = (("conns", conns), ("requests", 1), ("spread_us", 11 * gap_us // conns))
    return Scenario(key, title, "chunk", chunks, gap_us, (*options, *_window(_STREAMS_WARM_MS, ms)))


def _waves(ms: int) -> tuple[tuple[str, int], ...]:
    return (("conns", 200), ("waves", max(2, ms // 400)), ("wave_ms", 400))
