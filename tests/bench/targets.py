"""What the sidecar is held to, in the same run as nginx, and whether it kept to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.bench.summary import Figure, Spread

SIDECAR = "tokentide"
ONE_CORE = "tokentide on one core"
_DEARER = ("Envoy", "vllm-router", "sglang-router")
"""What a request has to cost less than."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One target: what was asked, what was measured (None where it was not), and whether that is enough."""

    what: str
    limit: float
    measured: float | None
    unit: str

    @property
    def met(self) -> bool | None:
        """None where nothing was measured."""
        return None if self.measured is None else self.measured <= self.limit


@dataclass(frozen=True, slots=True)
class _Target:
    what: str
    peer: str
    scenario: str
    limit: float
    unit: str
    value: Callable[[Figure], Spread | float | None]


_RATIO = "× nginx"
_TARGETS = (
    _Target("CPU of a 1 KB request, as fast as it goes", SIDECAR, "a", 1.8, _RATIO, lambda f: f.cpu_ratio),
    _Target("CPU of a 1 KB request, 2,000 a second", SIDECAR, "r", 1.8, _RATIO, lambda f: f.cpu_ratio),
    _Target("CPU of a chunk at the highest rate", SIDECAR, "b", 1.4, _RATIO, lambda f: f.cpu_ratio),
    _Target("CPU of a chunk, 200 streams", SIDECAR, "c", 1.25, _RATIO, lambda f: f.cpu_ratio),
    _Target("CPU of a chunk, 1,000 streams", SIDECAR, "e", 1.25, _RATIO, lambda f: f.cpu_ratio),
    _Target("CPU of a 1 MB prompt", SIDECAR, "d", 1.5, _RATIO, lambda f: f.cpu_ratio),
    _Target("TTFT p50, 200 streams at once", SIDECAR, "f", 2.0, _RATIO, lambda f: f.first_ratio),
    _Target("added latency p50", SIDECAR, "c", 1.15, _RATIO, lambda f: f.p50_ratio),
    _Target("added latency p99", SIDECAR, "c", 1.5, _RATIO, lambda f: f.p99_ratio),
    _Target("added latency p50, one core", ONE_CORE, "c", 1.15, _RATIO, lambda f: f.p50_ratio),
    _Target("added latency p99, one core", ONE_CORE, "c", 1.5, _RATIO, lambda f: f.p99_ratio),
    _Target("relay memory, 1,000 streams", SIDECAR, "e", 45.0, "MB", lambda f: f.rss_kb / 1024),
    _Target(
        "memory of a stalled 95 MB stream", SIDECAR, "s", 1.0, "MB", lambda f: max(0, f.rss_kb - f.rss_idle_kb) / 1024
    ),
    _Target("observer CPU of a chunk", SIDECAR, "c", 4.0, "µs", lambda f: f.observer),
    _Target("observer CPU of a 1 KB request", SIDECAR, "r", 200.0, "µs", lambda f: f.observer),
)


def verdicts(figures: Sequence[Figure], offered: float | None) -> list[Verdict]:
    """All targets; `offered` is the rate of the scenario with 1,000 streams, of which 99 % must arrive."""
    found = {(figure.peer, figure.scenario): figure for figure in figures}
    all_of_them = []
    for target in _TARGETS:
        figure = found.get((target.peer, target.scenario))
        value = target.value(figure) if figure is not None else None
        measured = value.median if isinstance(value, Spread) else value
        all_of_them.append(Verdict(target.what, target.limit, measured, target.unit))
    most = found.get((SIDECAR, "e"))
    if most is not None and offered:
        all_of_them.append(
            Verdict("part of 45,000 chunks/s that did not arrive", 0.01, max(0.0, 1 - most.rate / offered), "")
        )
        share = most.dropped / most.exchanges if most.exchanges else 0.0
        all_of_them.append(Verdict("part of 1,000 streams not observed", 0.0, share, ""))
    return [*all_of_them, *_beside(found)]


def _beside(found: Mapping[tuple[str, str], Figure]) -> list[Verdict]:
    """The relay's CPU of a request beside each proxy that it is to stay below, where it was measured."""
    ours = found.get((SIDECAR, "a"))
    judged = []
    for name in _DEARER:
        theirs = found.get((name, "a"))
        if ours is not None and ours.cpu is not None and theirs is not None and theirs.cpu is not None:
            ratio = ours.cpu.median / theirs.cpu.median
            judged.append(Verdict("CPU of a 1 KB request, as fast as it goes", 1.0, ratio, f"× {name}"))
    return judged
