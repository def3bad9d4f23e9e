"""Embeddings, reranking and scoring: input without output."""

from collections.abc import Iterator
from typing import Final

from exporter.dialect.base import Delta, Foreign, Prompt, Text, Unreadable, Usage
from exporter.dialect.conversation import conversation, message_texts
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, fields, first_number, items, load, load_any, name, text, token_ids

_FIRST: Final = ("query", "text_1", "queries", "data_1")
_SECOND: Final = ("documents", "texts", "text_2", "data_2", "items")
_MOST_REPEATED: Final = 1 << 22
"""Characters: a query is counted beside each document, and a long one beside many is more than a request may cost."""
_RESULTS: Final = ("data", "results", "scores")


class Embeddings:
    """`/v1/embeddings`: texts, token ids, or a chat."""

    name = "embeddings"
    operation = "embeddings"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request; raises Foreign for one without input."""
        request = load(body)
        given = request.get("input")
        messages = [fields(message) for message in items(request.get("messages"))]
        if given is None and not messages:
            raise Foreign
        texts = [given] if isinstance(given, str) else [each for each in items(given) if isinstance(each, str)]
        return Prompt(
            name(request.get("model")),
            stream=False,
            texts=(*(Text("user", each) for each in texts), *message_texts(messages)),
            token_ids=token_ids(given),
            messages=len(messages),
            chat=conversation(request, messages, []) if messages else None,
        )

    def delta(self, data: bytes) -> Delta:
        """These APIs have no streams."""
        return _answer(load(data))

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer."""
        return (_answer(load_any(body)),)


class Scores:
    """`/v1/rerank` and `/v1/score`: pairs of texts, of which the model sees each."""

    name = "scores"
    operation = "embeddings"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request; raises Foreign for one that has not two sides."""
        request = load(body)
        first, second = _side(request, _FIRST), _side(request, _SECOND)
        if not first or not second:
            raise Foreign
        model = name(request.get("model"))
        if len(first) == 1 and len(first[0]) * len(second) > _MOST_REPEATED:
            return Prompt(model, stream=False, partial=True)
        return Prompt(model, stream=False, texts=tuple(_pairs(first, second)))

    def delta(self, data: bytes) -> Delta:
        """These APIs have no streams."""
        return _answer(load(data))

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer."""
        return (_answer(load_any(body)),)


def _side(request: Fields, keys: tuple[str, ...]) -> list[str]:
    """The texts of one side, empty ones for what is no text."""
    given = next((request[key] for key in keys if request.get(key) is not None), None)
    several = given if isinstance(given, list) else [given] if given is not None else []
    return [each if isinstance(each, str) else text(fields(each).get("text")) for each in several]


def _pairs(first: list[str], second: list[str]) -> Iterator[Text]:
    """One text on the first side stands beside each on the second."""
    firsts = first * len(second) if len(first) == 1 else first
    for one, other in zip(firsts, second, strict=False):
        yield Text("user", one)
        yield Text("user", other)


def _answer(body: object) -> Delta:
    """Input tokens as the server counts them; no output was written."""
    answer = fields(body)
    error = error_type(answer)
    if error is not None:
        return Delta(error_type=error)
    if not isinstance(body, list) and not any(isinstance(answer.get(key), list) for key in _RESULTS):
        raise Unreadable
    return Delta(usage=Usage(_input_tokens(answer), 0), model=name(answer.get("model")))


def _input_tokens(answer: Fields) -> int | None:
    """OpenAI's and vLLM's `usage`; Cohere's `meta.billed_units`; Jina gives a total, which is the input."""
    usage = fields(answer.get("usage"))
    counted = first_number(usage, "prompt_tokens", "total_tokens")
    meta = fields(answer.get("meta"))
    for units in ("tokens", "billed_units"):
        if counted is None:
            counted = first_number(fields(meta.get(units)), "input_tokens")
    return counted
