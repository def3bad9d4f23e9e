"""Label values: a bounded number of those that strangers choose, and closed sets for all others."""

from bisect import bisect_left
from collections.abc import Sequence
from urllib.parse import urlsplit

OTHER = "other"
UNKNOWN = "unknown"
LONGEST = 128

OPERATIONS = frozenset(("chat", "text_completion", "responses", "messages", "embeddings", "generate_content", OTHER))
_GEN_AI_OPERATIONS = {
    "chat": "chat",
    "responses": "chat",
    "messages": "chat",
    "text_completion": "text_completion",
    "embeddings": "embeddings",
    "generate_content": "generate_content",
}


class Bounded:
    """Keeps at most `limit` different values and calls all later ones `other`.

    Anybody can invent a value, so those that no success has proven may take half of the places only. A value with more
    than `longest` characters has no place.
    """

    def __init__(self, limit: int, longest: int = LONGEST) -> None:
        self._limit = limit
        self._longest = longest
        self._unproven: set[str] = set()
        self._proven: set[str] = set()

    def label(self, value: str, *, proven: bool) -> str:
        """The value itself, or `other`; `proven` says that the engine took it as its own."""
        if value in self._proven:
            return value
        if value in self._unproven:
            if proven:
                self._unproven.remove(value)
                self._proven.add(value)
            return value
        if len(value) > self._longest or len(self._proven) + len(self._unproven) >= self._limit:
            return OTHER
        if not proven and len(self._unproven) >= self._limit // 2:
            return OTHER
        (self._proven if proven else self._unproven).add(value)
        return value


def operation(name: str) -> str:
    """The name of an operation in our own metrics: one of the closed set."""
    return name if name in OPERATIONS else OTHER


def gen_ai_operation(name: str) -> str | None:
    """The well-known GenAI name of an operation; None where the conventions have none."""
    return _GEN_AI_OPERATIONS.get(name)


def status_class(status: int | None) -> str:
    """`2xx` and so on; `none` where there was no answer."""
    return "none" if status is None else f"{status // 100}xx"


def cell(edges: Sequence[float], value: int) -> str:
    """The upper edge of the cell that holds `value` (`edge[i-1] < value ≤ edge[i]`), `+Inf` above the last."""
    i = bisect_left(edges, value)
    return "+Inf" if i == len(edges) else str(int(edges[i]))


def server(upstream: str) -> tuple[str, str]:
    """Address and port of an upstream given as a URL or as `host:port`; empty where they cannot be read."""
    try:
        parts = urlsplit(upstream if "//" in upstream else f"//{upstream}")
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return "", ""
    return parts.hostname or "", "" if port is None else str(port)
