"""The OpenAI form of chat completions and completions, which most engines speak."""

from collections.abc import Callable
from typing import Final

from exporter.dialect.base import Delta, Piece, Prompt, Unreadable, Usage
from exporter.dialect.failure import error_type
from exporter.dialect.openai_prompt import chat_prompt, completions_prompt
from exporter.dialect.reading import Fields, fields, items, load, microseconds, name, number, text, word

_DONE: Final = Delta(done=True)


class ChatCompletions:
    """`/v1/chat/completions`, streamed or not."""

    name = "openai_chat"
    operation = "chat"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request: messages, tools and a JSON schema are input text; images and audio have none."""
        return chat_prompt(load(body))

    def delta(self, data: bytes) -> Delta:
        """Reads one event; events that are JSON but no part of an answer are empty."""
        return _DONE if data == b"[DONE]" else _delta(load(data), "delta", _message)

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer."""
        return (_answer(load(body), "message", _message),)


class Completions:
    """`/v1/completions`, streamed or not."""

    name = "openai_completions"
    operation = "text_completion"
    open_ended = False

    def prompt(self, body: bytes, target: str) -> Prompt:  # noqa: ARG002 - the port
        """Reads a request whose prompt is a text, several texts, token ids, or several lists of token ids."""
        return completions_prompt(load(body))

    def delta(self, data: bytes) -> Delta:
        """Reads one event; events that are JSON but no part of an answer are empty."""
        return _DONE if data == b"[DONE]" else _delta(load(data), "", _completion_text)

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole answer."""
        return (_answer(load(body), "", _completion_text),)


_Read = Callable[[Fields, int, list[Piece]], None]
"""Appends the output text of one choice, or of the part of it that holds text, to a list of pieces."""


def _answer(body: Fields, part: str, read: _Read) -> Delta:
    if not isinstance(body.get("choices"), list) and error_type(body) is None:
        raise Unreadable
    return _delta(body, part, read)._replace(continuous=False)


def _delta(event: Fields, part: str, read: _Read) -> Delta:
    """What an event or a body holds; `part` names the part of a choice to read, empty for the choice itself."""
    choices = event.get("choices")
    pieces: list[Piece] = []
    finish: str | None = None
    index = 0
    ids = bool(event.get("prompt_token_ids"))
    if isinstance(choices, list):
        for position, choice in enumerate(choices):
            if not isinstance(choice, dict):
                continue
            at = choice.get("index")
            index = at if isinstance(at, int) else position
            holder = choice.get(part) if part else choice
            if isinstance(holder, dict):
                read(holder, index, pieces)
            if (reason := choice.get("finish_reason")) is not None:
                finish = word(reason) or finish
            if choice.get("token_ids") or choice.get("prompt_token_ids") or choice.get("logprobs"):
                ids = True
    usage = None if (counts := event.get("usage")) is None else _usage(counts)
    error = error_type(event) if "error" in event or event.get("object") == "error" else None
    output_ids, prompt_ids = _ids(event, items(choices)) if ids else (0, 0)
    return Delta(
        tuple(pieces),
        usage,
        # Beside a choice the engine speaks of that one alone, in its last frame too.
        usage is not None and bool(choices),
        name(event.get("model")),
        finish,
        error,
        token_ids=output_ids,
        completion=index,
        prompt_token_ids=prompt_ids,
        # vLLM says it with `--enable-per-request-metrics`.
        queue_us=microseconds(fields(event.get("metrics")).get("queue_time_ms"), 1000) if "metrics" in event else None,
    )


def _ids(event: Fields, choices: list[object]) -> tuple[int, int]:
    """How many ids of the output and of the prompt vLLM sent; the latter beside the choices in chat, else within.

    Log probabilities, where a client asked for them, stand for one token each, too.
    """
    output = prompt = 0
    for choice in map(fields, choices):
        output += len(items(choice.get("token_ids"))) or _scored(fields(choice.get("logprobs")))
        prompt += len(items(choice.get("prompt_token_ids")))
    return output, prompt + len(items(event.get("prompt_token_ids")))


def _scored(logprobs: Fields) -> int:
    """Tokens that have a log probability: `tokens` in completions, `content` and `refusal` in chat."""
    return sum(len(items(logprobs.get(key))) for key in ("tokens", "content", "refusal"))


def _message(message: Fields, index: int, pieces: list[Piece]) -> None:
    # vLLM sent the same text under both names for a while; it counts once.
    thought = message.get("reasoning") or message.get("reasoning_content")
    if thought and isinstance(thought, str):
        pieces.append(Piece(index, "reasoning", thought))
    content = message.get("content")
    if content:
        if not isinstance(content, str):
            content = "".join(text(fields(part).get("text")) for part in items(content))
        if content:
            pieces.append(Piece(index, "answer", content))
    if not content or len(message) > 1:
        _rarer(message, index, pieces)


def _rarer(message: Fields, index: int, pieces: list[Piece]) -> None:
    if (refusal := message.get("refusal")) and isinstance(refusal, str):
        pieces.append(Piece(index, "refusal", refusal))
    for call in map(fields, items(message.get("tool_calls"))):
        _call(call.get("function") or call.get("custom"), index, pieces)
    if (function := message.get("function_call")) is not None:
        _call(function, index, pieces)


def _call(function: object, index: int, pieces: list[Piece]) -> None:
    parts = fields(function)
    written = text(parts.get("name")) + text(parts.get("arguments") or parts.get("input"))
    if written:
        pieces.append(Piece(index, "tool", written))


def _completion_text(choice: Fields, index: int, pieces: list[Piece]) -> None:
    if (written := choice.get("text")) and isinstance(written, str):
        pieces.append(Piece(index, "answer", written))


def _usage(counts: object) -> Usage | None:
    if not isinstance(counts, dict):
        return None
    read = counts.get("prompt_tokens_details")
    written = counts.get("completion_tokens_details")
    usage = Usage(
        number(counts.get("prompt_tokens")),
        number(counts.get("completion_tokens")),
        number((counts if written is None else fields(written)).get("reasoning_tokens")),  # SGLang's is beside the rest
        None if read is None else number(fields(read).get("cached_tokens")),
    )
    return None if usage.input_tokens is None and usage.output_tokens is None else usage
