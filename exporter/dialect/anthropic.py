"""Anthropic's Messages, which vLLM and others serve as well."""

from collections.abc import Callable
from typing import Final

from exporter.dialect.anthropic_prompt import messages_prompt
from exporter.dialect.base import EMPTY, NAMELESS, Delta, Piece, Prompt, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.reading import Fields, dump, fields, items, load, name, number, text, word

_WRITTEN: Final = {
    "text_delta": ("text", "answer"),
    "thinking_delta": ("thinking", "reasoning"),
    "input_json_delta": ("partial_json", "tool"),
}
"""Deltas that bring text: in which field, and of which kind. A signature or a citation is no token."""


class Messages:
    """`/v1/messages`, streamed or not."""

    name = "anthropic_messages"
    operation = "messages"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request."""
        return messages_prompt(load(body))

    def delta(self, data: bytes) -> Delta:
        """Reads one event: input tokens come with the first one, cumulative output tokens with the last but one."""
        event = load(data)
        kind = text(event.get("type"))
        if kind == "content_block_delta":
            added = fields(event.get("delta"))
            field, written = _WRITTEN.get(text(added.get("type")), ("", ""))
            piece = text(added.get(field))
            return Delta((Piece(0, written, piece),)) if piece else EMPTY
        if kind == "error" or event.get("error"):
            return Delta(error_type=error_type(event) or NAMELESS)
        read = _RARER.get(kind)
        return EMPTY if read is None else read(event)

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole message."""
        message = load(body)
        error = error_type(message)
        if not isinstance(message.get("content"), list) and error is None:
            raise Unreadable
        pieces = [piece for block in items(message.get("content")) for piece in _pieces(fields(block), begun=False)]
        return (
            Delta(
                tuple(pieces),
                _usage(message),
                model=name(message.get("model")),
                finish_reason=word(message.get("stop_reason")),
                error_type=error,
            ),
        )


def _pieces(block: Fields, *, begun: bool) -> list[Piece]:
    """The output text of a block, whole or as it was `begun`; the input of a call follows the latter in deltas."""
    kind = text(block.get("type"))
    if kind == "text":
        written = ("answer", text(block.get("text")))
    elif kind == "thinking":
        written = ("reasoning", text(block.get("thinking")))
    elif kind in {"tool_use", "server_tool_use", "mcp_tool_use"}:
        arguments = "" if begun else dump(block.get("input"))
        written = ("tool", text(block.get("name")) + arguments)
    else:
        return []
    return [Piece(0, *written)] if written[1] else []


def _block_begun(event: Fields) -> Delta:
    return Delta(tuple(_pieces(fields(event.get("content_block")), begun=True)))


def _begun(event: Fields) -> Delta:
    """The first event comes before any token: what it says of the output is no count."""
    message = fields(event.get("message"))
    usage = _usage(message)
    given = None if usage is None else usage._replace(output_tokens=None)
    return Delta(usage=given, continuous=True, model=name(message.get("model")))


def _counted(event: Fields) -> Delta:
    reason = word(fields(event.get("delta")).get("stop_reason"))
    return Delta(usage=_usage(event), continuous=reason is None, finish_reason=reason)


def _stopped(_: Fields) -> Delta:
    return Delta(done=True)


_RARER: Final[dict[str, Callable[[Fields], Delta]]] = {
    "content_block_start": _block_begun,
    "message_start": _begun,
    "message_delta": _counted,
    "message_stop": _stopped,
}


def _usage(holder: Fields) -> Usage | None:
    """The counts. `input_tokens` leaves out what was read from the prompt cache or written to it."""
    counts = fields(holder.get("usage"))
    plain = number(counts.get("input_tokens"))
    cached = number(counts.get("cache_read_input_tokens"))
    cache = (cached or 0) + (number(counts.get("cache_creation_input_tokens")) or 0)
    written = number(counts.get("output_tokens"))
    if plain is None and written is None:
        return None
    # vLLM states zero input in a last event for which it has no count.
    read = None if not plain and not cache else (plain or 0) + cache
    return Usage(read, written, cached_input_tokens=cached)
