"""Which dialects are spoken at which path."""

from typing import Final

from exporter.dialect.anthropic import Messages
from exporter.dialect.base import Dialect
from exporter.dialect.embeddings import Embeddings, Scores
from exporter.dialect.openai import ChatCompletions, Completions
from exporter.dialect.responses import Responses
from exporter.dialect.sglang import SglangGenerate
from exporter.dialect.tgi import TextGeneration
from exporter.dialect.triton import Generate

ROOT: Final = "/"
"""The one path that is not the end of others."""

DIALECTS: Final[dict[str, tuple[Dialect, ...]]] = {
    "/chat/completions": (ChatCompletions(),),
    "/v1/completions": (Completions(),),
    "/responses": (Responses(),),
    "/v1/messages": (Messages(),),
    "/embeddings": (Embeddings(),),
    "/rerank": (Scores(),),
    "/score": (Scores(),),
    "/generate": (Generate(), TextGeneration(), SglangGenerate()),
    "/generate_stream": (Generate(), TextGeneration()),
    ROOT: (TextGeneration(),),
}
"""Ends of paths to which requests are posted; a gateway may put anything before them (`/openai/v1`,
`/openai/deployments/x`). Where several dialects share an end, the first that knows the request's body is taken."""


def find(method: str, target: str) -> tuple[Dialect, ...]:
    """The dialects of a request, by its method and its target, whose query string is ignored; none for other paths."""
    if method != "POST":
        return ()
    path = target.partition("?")[0].rstrip("/")
    if not path:
        return DIALECTS.get(ROOT, ())
    for end, dialects in DIALECTS.items():
        if end != ROOT and path.endswith(end):
            return dialects
    return ()


def names() -> tuple[str, ...]:
    """The names of all dialects, in alphabetical order."""
    return tuple(sorted({dialect.name for dialects in DIALECTS.values() for dialect in dialects}))
