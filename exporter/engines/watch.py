"""Asks engines again and again, each question on a thread of its own, and keeps what they said last."""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from exporter.dialect.base import Unreadable
from exporter.engines import limits, load
from exporter.engines.ask import Unanswered
from exporter.engines.limits import Told
from exporter.engines.load import Load

_log = logging.getLogger("tokentide")

LIMITS: Final = "limits"
METRICS: Final = "metrics"
_LARGEST_LIST: Final = 1 << 20
_LARGEST_PAGE: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine to ask: its name in metrics, its address in records, its URL, and that of its page elsewhere."""

    name: str
    address: str
    url: str
    metrics_url: str = ""


class Get(Protocol):
    """How a question is put."""

    def __call__(self, url: str, path: str, most: int) -> bytes:
        """The body at a path of an engine, of at most so many bytes; raises Unanswered."""
        ...


class Watch:
    """What engines say. `tell_limits` gets the address of an engine and its limits whenever they were told.

    `asked` counts questions by engine, kind and result. A failing engine is one warning until it answers again. Limits
    stay in force while an engine does not answer; its load is forgotten.
    """

    def __init__(self, engines: Iterable[Engine], get: Get, tell_limits: Callable[[str, Told], None]) -> None:
        self._engines = tuple(engines)
        self._get = get
        self._tell_limits = tell_limits
        self._paths: dict[str, str] = {}
        self._failing: set[tuple[str, str]] = set()
        self.loads: dict[str, Load] = {}
        self.asked: dict[tuple[str, str, str], int] = {}

    def ask_limits(self) -> None:
        """Asks every engine once for its limits."""
        for engine in self._engines:
            self._ask(engine, LIMITS, self._limits)

    def ask_load(self) -> None:
        """Reads the metrics page of every engine once."""
        for engine in self._engines:
            if not self._ask(engine, METRICS, self._load):
                self.loads.pop(engine.name, None)

    def _ask(self, engine: Engine, kind: str, question: Callable[[Engine], None]) -> bool:
        place = (engine.name, kind)
        try:
            question(engine)
        except (Unanswered, Unreadable, ValueError) as error:
            why = str(error) if isinstance(error, Unanswered) else "its answer cannot be read"
            self._count(*place, "failed")
            if place not in self._failing:
                self._failing.add(place)
                _log.warning("The engine %s does not tell its %s: %s. Further failures are counted only.", *place, why)
            return False
        self._count(*place, "ok")
        if place in self._failing:
            self._failing.discard(place)
            _log.info("The engine %s tells its %s again.", *place)
        return True

    def _count(self, engine: str, kind: str, result: str) -> None:
        key = (engine, kind, result)
        self.asked[key] = self.asked.get(key, 0) + 1

    def _limits(self, engine: Engine) -> None:
        models = self._get(engine.url, limits.MODELS_PATH, _LARGEST_LIST)
        told = limits.of_models(models)
        if limits.is_sglang(models):
            info = self._get(engine.url, limits.SERVER_INFO_PATH, _LARGEST_LIST)
            told = limits.joined(told, limits.of_server_info(info))
        self._tell_limits(engine.address, told)

    def _load(self, engine: Engine) -> None:
        if engine.metrics_url:
            url, _, path = _split(engine.metrics_url)
            paths: Iterable[str] = (path,)
        else:
            url = engine.url
            known = self._paths.get(engine.name)
            paths = load.PATHS if known is None else (known,)
        self.loads[engine.name] = self._first(engine, url, paths)

    def _first(self, engine: Engine, url: str, paths: Iterable[str]) -> Load:
        """The load on the first of the pages that has it; the page is remembered. Raises Unanswered."""
        problem = Unanswered("its metrics page has none of the names that are known")
        for path in paths:
            try:
                found = load.read(self._get(url, path, _LARGEST_PAGE).decode("utf-8", "replace"))
            except Unanswered as error:
                problem = error
                continue
            if found is not None:
                self._paths[engine.name] = path
                return found
        self._paths.pop(engine.name, None)
        raise problem


class Rounds:
    """Calls something every `seconds` on a thread of its own, the first time at once, until it is stopped."""

    def __init__(self, name: str, seconds: float, call: Callable[[], None]) -> None:
        self._seconds = seconds
        self._call = call
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Lets the thread end when its call is over; nobody waits for it."""
        self._ended.set()

    def _run(self) -> None:
        while True:
            self._call()
            if self._ended.wait(self._seconds):
                return


def _split(url: str) -> tuple[str, str, str]:
    """The URL without its path, a slash, and the path."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash, f"/{path}"
