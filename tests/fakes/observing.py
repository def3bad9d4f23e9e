"""Stand-ins for what surrounds the pipeline: a counter of words, a spool in memory, an executor without threads."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from exporter.dialect.base import Prompt
from exporter.observe.observation import Measurement
from exporter.tap.intake import Key
from exporter.tokens.reading import Read


class Words:
    """Counts words; `broken` makes it raise, as a tokenizer with a bug would."""

    name = "words"
    source = "tokenizer"
    exact_up_to = 1 << 30

    def __init__(self, *, broken: bool = False) -> None:
        self._broken = broken

    def count(self, text: str) -> int:
        if self._broken:
            raise RuntimeError(text)
        return len(text.split())

    def ends(self, text: str) -> list[int]:
        ends, at = [], 0
        for word in text.split():
            at = text.index(word, at) + len(word)
            ends.append(at)
        return ends

    def read(self, prompt: Prompt) -> Read:
        of_each = tuple(self.count(text) for _, text in prompt.texts)
        return Read(sum(of_each), of_each, exact=self.source == "tokenizer")


class Spool:
    """Keeps measurements by exchange."""

    def __init__(self, known: set[Key] | None = None) -> None:
        self.kept: dict[Key, Measurement] = {}
        self._known = known or set()

    def accept(self, measurement: Measurement, key: Key) -> None:
        self.kept[key] = measurement

    def known(self, key: Key) -> bool:
        return key in self._known or key in self.kept


class Tally:
    """A sink and a place for counters."""

    def __init__(self) -> None:
        self.accepted: list[Measurement] = []
        self.added: dict[str, dict[str, tuple[list[int], int]]] = {}
        self.upstreams: dict[str, dict[str, str | None]] = {}
        self.totals: dict[str, tuple[int, dict[str, int], dict[str, int]]] = {}

    def accept(self, measurement: Measurement) -> None:
        self.accepted.append(measurement)

    def set_relay_totals(
        self, source: str, forwarded: int, refused: Mapping[str, int], dropped: Mapping[str, int]
    ) -> None:
        self.totals[source] = (forwarded, dict(refused), dict(dropped))

    def set_added_latency(self, source: str, added: Mapping[str, tuple[list[int], int]]) -> None:
        self.added[source] = dict(added)

    def set_upstreams(self, source: str, problems: Mapping[str, str | None]) -> None:
        self.upstreams[source] = dict(problems)


class Acknowledged:
    """The line back to a relay."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.failed: list[tuple[int, str]] = []

    def acknowledge(self, numbers: list[int]) -> None:
        self.numbers += numbers

    def fail(self, number: int, reason: str) -> None:
        self.failed.append((number, reason))


class Later(Executor):
    """Keeps work until `work` is called."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def work(self) -> None:
        waiting, self.waiting = self.waiting, []
        for future, call in waiting:
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001 - what an executor does
                future.set_exception(error)
