"""Which dialect is spoken at which path."""

from typing import Final

from exporter.dialect.base import Dialect
from exporter.dialect.openai import ChatCompletions, Completions

DIALECTS: Final[dict[tuple[str, str], Dialect]] = {
    ("POST", "/chat/completions"): ChatCompletions(),
    ("POST", "/v1/completions"): Completions(),
}
"""Method and end of path; a gateway may put anything before it (`/openai/v1`, `/openai/deployments/x`)."""


def find(method: str, target: str) -> Dialect | None:
    """The dialect of a request, by its method and its target, whose query string is ignored; None for other paths."""
    path = target.partition("?")[0].rstrip("/")
    for (verb, end), dialect in DIALECTS.items():
        if method == verb and path.endswith(end):
            return dialect
    return None
