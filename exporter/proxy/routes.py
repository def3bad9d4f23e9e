"""Which engine a request goes to: by the start of its path, by its model, else the first."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote_to_bytes

from exporter.proxy.upstream import Address, Pool
from exporter.wire.chunked import Dechunker
from exporter.wire.http1 import CHUNKED, BadMessage, RequestHead


@dataclass(frozen=True, slots=True)
class Rule:
    """When an engine is chosen: `prefix` is the start of the path (not passed on), `models` are patterns of names.

    A rule with neither takes every request.
    """

    prefix: bytes = b""
    models: tuple[str, ...] = ()


@dataclass(slots=True)
class Route:
    """One engine: its connections, when it is chosen, and why it could not be reached the last time."""

    name: str
    rule: Rule
    pool: Pool
    problem: str | None = None

    @property
    def address(self) -> Address:
        """Where the engine is."""
        return self.pool.address

    def target(self, target: bytes) -> bytes:
        """The path as the engine gets it: its own prefix instead of the rule's."""
        if target == b"*" or not (self.rule.prefix or self.pool.address.prefix):
            return target
        rest = target[len(self.rule.prefix) :]
        return self.address.prefix + (rest if rest[:1] == b"/" else b"/" + rest)


class Routes:
    """The engines in order of precedence; the first whose rule fits gets the request."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.all = routes
        free = len(routes) == 1 and routes[0].rule == Rule() and not routes[0].address.prefix
        self._single = routes[0] if free else None

    def for_head(self, head: RequestHead) -> Route | None:
        """The engine that the head alone decides on, or None where the body must be read or none fits."""
        if self._single is not None:
            return self._single
        if _climbs(head.target):
            return None
        for route in self.all:
            if _under(head.target, route.rule.prefix):
                return None if route.rule.models and head.body else route
        return None

    def needs_body(self, head: RequestHead) -> bool:
        """Whether the first rule that fits the path asks for the model."""
        if _climbs(head.target):
            return False
        fits = (route for route in self.all if _under(head.target, route.rule.prefix))
        first = next(fits, None)
        return first is not None and bool(first.rule.models) and head.body != 0

    def for_body(self, head: RequestHead, body: bytes) -> Route | None:
        """The engine that path and model decide on, or None."""
        name = model(head, body)
        for route in self.all:
            if not _under(head.target, route.rule.prefix):
                continue
            if not route.rule.models or (
                name is not None and any(fnmatchcase(name, each) for each in route.rule.models)
            ):
                return route
        return None


def _under(target: bytes, prefix: bytes) -> bool:
    """`/a` covers `/a`, `/a/…` and `/a?…`, and not `/ab`."""
    return target.startswith(prefix) and (not prefix or target[len(prefix) : len(prefix) + 1] in {b"", b"/", b"?"})


def _climbs(target: bytes) -> bool:
    """Whether a path holds `..`, with which it could leave its prefix where somebody behind us resolves it."""
    path = target.partition(b"?")[0]
    if b".." not in path and b"%" not in path:
        return False
    return b".." in unquote_to_bytes(path).replace(b"\\", b"/").split(b"/")


def model(head: RequestHead, body: bytes) -> str | None:
    """The model that a JSON body names, or None; `body` is as it was on the wire."""
    import orjson  # noqa: PLC0415 - costs 1 MB, and a relay with one engine never needs it

    try:
        told = orjson.loads(Dechunker().feed(body) if head.body == CHUNKED else body)
    except (ValueError, BadMessage):
        return None
    name = told.get("model") if isinstance(told, dict) else None
    return name if isinstance(name, str) else None
