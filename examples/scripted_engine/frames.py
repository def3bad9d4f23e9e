"""The bytes of an answer: server-sent events and whole bodies in OpenAI's form."""

import itertools
import zlib
from collections.abc import Iterator

import orjson

from scripted_engine.script import Asked
from scripted_engine.words import answer_words

CREATED = 1_700_000_000  # fixed, so that the same request gets the same bytes
BROKEN_FRAMES = {"json": b'data: {"id":"cmpl","choices":[{"inde', "sse": b"\x00\xffevnt data; not an event"}
Json = dict[str, object]


def answer_id(body: bytes) -> str:
    """An id that depends on the request alone."""
    return f"cmpl-{zlib.crc32(body):08x}{len(body):06x}"


def error_body(message: str, kind: str, code: int) -> bytes:
    """An error object as vLLM and OpenAI write it."""
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


ENGINE_FAILED = error_body("The engine failed while it answered.", "InternalServerError", 500)


def usage_of(asked: Asked, output_tokens: int) -> Json:
    """The `usage` object after `output_tokens` tokens of each choice."""
    prompt, completion = asked.reported_prompt_tokens, output_tokens * asked.n
    usage: Json = {"prompt_tokens": prompt, "total_tokens": prompt + completion, "completion_tokens": completion}
    if asked.manner.reasoning_tokens:
        reasoning = min(asked.manner.reasoning_tokens, output_tokens) * asked.n
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return usage


class Frames:
    """Writes one streamed answer event by event, always the same for the same request."""

    def __init__(self, asked: Asked, identity: str) -> None:
        self._asked = asked
        self._manner = asked.manner
        kind = "chat.completion.chunk" if asked.chat else "text_completion"
        self._head: Json = {"id": identity, "object": kind, "created": CREATED, "model": asked.model}
        if self._manner.filler_bytes:
            self._head["filler"] = "x" * self._manner.filler_bytes
        self._words = [answer_words(index) for index in range(asked.n)]
        self._end = self._manner.newline * 2

    def role(self) -> bytes:
        """The role-only first frame of each choice; nothing for text completions or where the script wants none."""
        if not (self._asked.chat and self._manner.role_frame):
            return b""
        return b"".join(self._choice(index, {"role": "assistant", "content": ""}, None, 0) for index in self._choices())

    def contents(self) -> Iterator[tuple[int, bytes]]:
        """Each content event: tokens of each choice that it holds, and its bytes for all choices."""
        for number, (sent, size, reasoning) in enumerate(pieces(self._asked)):
            ping = self._manner.ping_every
            frames = [b": ping" + self._end.encode()] if ping and number % ping == ping - 1 else []
            last = self._manner.finish == "last" and sent + size == self._asked.output_tokens
            for index in self._choices():
                text = "".join(itertools.islice(self._words[index], size))
                delta = self._delta(text, number, reasoning=reasoning)
                frames.append(self._choice(index, delta, self._reason if last else None, sent + size))
            yield size, b"".join(frames)

    def closing(self) -> bytes:
        """What follows the last content: finish frames, usage and `[DONE]`, each where the script wants it."""
        tokens = self._asked.output_tokens
        frames = []
        if self._manner.finish == "apart":
            frames += [
                self._choice(index, {} if self._asked.chat else "", self._reason, tokens) for index in self._choices()
            ]
        if self._reports_usage:
            frames.append(self._frame({"choices": [], "usage": usage_of(self._asked, tokens)}))
        if self._manner.done:
            frames.append(f"data: [DONE]{self._end}".encode())
        return b"".join(frames)

    def error(self) -> bytes:
        """An error object as an event, as engines send it when they fail under status 200."""
        return b"data: " + ENGINE_FAILED + self._end.encode()

    @property
    def _reports_usage(self) -> bool:
        return self._manner.usage in {"always", "continuous"} or (
            self._manner.usage == "asked" and self._asked.include_usage
        )

    @property
    def _reason(self) -> str:
        return self._asked.finish_reason

    def _choices(self) -> range:
        return range(self._asked.n)

    def _delta(self, text: str, number: int, *, reasoning: bool) -> Json | str:
        if not self._asked.chat:
            return text
        if reasoning:
            return {"reasoning_content": text}
        if not self._manner.tool_call:
            return {"content": text}
        call: Json = {"index": 0, "function": {"arguments": text}}
        if number == 0:
            call = {"index": 0, "id": "call_0", "type": "function", "function": {"name": "look_up", "arguments": text}}
        return {"tool_calls": [call]}

    def _choice(self, index: int, delta: Json | str, reason: str | None, tokens: int) -> bytes:
        key = "delta" if self._asked.chat else "text"
        choice: Json = {"index": index, key: delta, "logprobs": None, "finish_reason": reason}
        frame: Json = {"choices": [choice]}
        if self._manner.usage == "continuous":
            frame["usage"] = usage_of(self._asked, tokens)
        return self._frame(frame)

    def _frame(self, rest: Json) -> bytes:
        return b"data: " + orjson.dumps(self._head | rest) + self._end.encode()


def pieces(asked: Asked) -> Iterator[tuple[int, int, bool]]:
    """Tokens sent before each content event, tokens in it, and whether they are reasoning."""
    reasoning = min(asked.manner.reasoning_tokens, asked.output_tokens) if asked.chat else 0
    step = asked.manner.tokens_per_chunk
    for start, stop in ((0, reasoning), (reasoning, asked.output_tokens)):
        for sent in range(start, stop, step):
            yield sent, min(step, stop - sent), start < reasoning


def whole_body(asked: Asked, identity: str) -> bytes:
    """The JSON body of an answer that is not streamed."""
    manner, tokens = asked.manner, asked.output_tokens
    reasoning = min(manner.reasoning_tokens, tokens) if asked.chat else 0
    choices: list[Json] = []
    for index in range(asked.n):
        words = answer_words(index)
        thought = "".join(itertools.islice(words, reasoning))
        text = "".join(itertools.islice(words, tokens - reasoning))
        choice: Json = {"index": index, "logprobs": None, "finish_reason": asked.finish_reason}
        if not asked.chat:
            choices.append(choice | {"text": text})
        elif manner.tool_call:
            call = {"id": "call_0", "type": "function", "function": {"name": "look_up", "arguments": text}}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
            choices.append(choice | {"message": message})
        else:
            extra = {"reasoning_content": thought} if reasoning else {}
            choices.append(choice | {"message": {"role": "assistant", "content": text} | extra})
    body: Json = {
        "id": identity,
        "object": "chat.completion" if asked.chat else "text_completion",
        "created": CREATED,
        "model": asked.model,
        "choices": choices,
    }
    if manner.usage != "never":
        body["usage"] = usage_of(asked, tokens)
    return orjson.dumps(body)
