"""OpenAI's Responses: typed events, and an input that the engine may hold a part of."""

from typing import Final

from exporter.dialect.base import EMPTY, NAMELESS, Delta, Piece, Prompt, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, fields, items, load, name, number, text, word
from exporter.dialect.responses_prompt import responses_prompt

_DONE: Final = Delta(done=True)

_WRITTEN: Final = {
    "response.output_text.delta": "answer",
    "response.reasoning_text.delta": "reasoning",
    "response.reasoning_summary_text.delta": "summary",
    "response.refusal.delta": "refusal",
    "response.function_call_arguments.delta": "tool",
    "response.custom_tool_call_input.delta": "tool",
    "response.mcp_call_arguments.delta": "tool",
    "response.code_interpreter_call_code.delta": "tool",
}
"""Events that bring text, and its kind."""

_LAST: Final = frozenset(("response.completed", "response.failed", "response.incomplete"))
_NOT_YET: Final = frozenset(("queued", "in_progress"))


class Responses:
    """`/v1/responses`, streamed or not. A response is one completion, however many items it has."""

    name = "openai_responses"
    operation = "responses"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request."""
        return responses_prompt(load(body))

    def delta(self, data: bytes) -> Delta:
        """Reads one event; usage comes with the last one."""
        if data == b"[DONE]":
            return _DONE
        event = load(data)
        kind = text(event.get("type"))
        if (written := _WRITTEN.get(kind)) is not None:
            added = event.get("delta")
            return Delta((Piece(0, written, added),)) if added and isinstance(added, str) else EMPTY
        if kind == "response.output_item.added":
            called = text(fields(event.get("item")).get("name"))
            return Delta((Piece(0, "tool", called),)) if called else EMPTY
        if kind == "error" or event.get("error"):
            return Delta(error_type=error_type(event) or word(event.get("code")) or NAMELESS)
        return _state(fields(event.get("response")))._replace(done=kind in _LAST)

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole response. One that is still being made in the background is unreadable."""
        response = load(body)
        if not isinstance(response.get("output"), list) and error_type(response) is None:
            raise Unreadable
        if word(response.get("status")) in _NOT_YET:
            raise Unreadable("background")
        pieces: list[Piece] = []
        for item in map(fields, items(response.get("output"))):
            _item(item, pieces)
        return (_state(response)._replace(pieces=tuple(pieces)),)


def _state(response: Fields) -> Delta:
    """What is said of a response as a whole."""
    status = word(response.get("status"))
    reason = word(fields(response.get("incomplete_details")).get("reason"))
    error = response.get("error")
    return Delta(
        usage=_usage(fields(response.get("usage"))),
        model=name(response.get("model")),
        finish_reason=reason or (None if status in _NOT_YET else status),
        error_type=error_type({"error": error}) if error or status != "failed" else NAMELESS,
    )


def _item(item: Fields, pieces: list[Piece]) -> None:
    """Appends the output text of one item."""
    kind = item.get("type")
    if kind == "message":
        for part in map(fields, items(item.get("content"))):
            _append(pieces, "answer", text(part.get("text")))
            _append(pieces, "refusal", text(part.get("refusal")))
    elif kind == "reasoning":
        thought, summary = items(item.get("content")), items(item.get("summary"))
        for part in map(fields, thought or summary):
            _append(pieces, "reasoning" if thought else "summary", text(part.get("text")))
    else:
        called = text(item.get("name")) + "".join(text(item.get(key)) for key in ("arguments", "input", "code"))
        _append(pieces, "tool", called)


def _append(pieces: list[Piece], kind: str, written: str) -> None:
    if written:
        pieces.append(Piece(0, kind, written))


def _usage(counts: Fields) -> Usage | None:
    usage = Usage(
        number(counts.get("input_tokens")),
        number(counts.get("output_tokens")),
        number(fields(counts.get("output_tokens_details")).get("reasoning_tokens")),
        number(fields(counts.get("input_tokens_details")).get("cached_tokens")),
    )
    return None if usage.input_tokens is None and usage.output_tokens is None else usage
