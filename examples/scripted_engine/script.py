"""What a request asks of the scripted engine, and the exact script that it may carry."""

from dataclasses import dataclass
from typing import Annotated, Literal

import orjson
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as validated

from scripted_engine.words import tokens_in

NANOSECONDS_PER_MS = 1_000_000
DEFAULT_TOKENS = 30

Delay = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class UnusableRequest(Exception):
    """A request that the engine cannot answer; the message is one sentence for the client."""


@validated(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Script:
    """How exactly one request is to be answered; times are milliseconds after the last byte of the request.

    `break_after` and `hang_after` count content events: 0 is after the head, "nothing" before any byte, "half_head"
    inside the head. The k-th content event (from 0) is due at `ttft_ms + k * itl_ms`, with `tokens_per_chunk` tokens.
    """

    ttft_ms: Delay = 50
    itl_ms: Delay = 20
    tokens: Annotated[int, Field(ge=1)] | None = None  # absent: what the request's max_tokens asks for
    tokens_per_chunk: Annotated[int, Field(ge=1)] = 1
    role_ms: Delay | None = None  # when head and role-only frame are sent; absent: with the first content
    role_frame: bool = True
    reasoning_tokens: Count = 0  # so many of the tokens come first, as reasoning_content
    tool_call: bool = False  # the answer is the arguments of a tool call (words, not JSON: only their count matters)
    finish: Literal["last", "apart"] = "last"  # finish_reason in the last content frame, or in one of its own
    usage: Literal["asked", "always", "never", "continuous"] = "asked"
    prompt_tokens: Count | None = None  # reported instead of the words of the prompt
    done: bool = True
    newline: Literal["\n", "\r\n"] = "\n"
    ping_every: Count = 0  # a comment before every so many events
    filler_bytes: Count = 0  # makes each frame longer by an extra field
    gzip: bool = False
    framing: Literal["chunked", "close"] = "chunked"
    whole: bool = False  # answer with a JSON body although a stream was asked for
    status: Annotated[int, Field(ge=200, le=599)] = 200
    early: bool = False  # answer when the head has arrived, without waiting for the body
    error_after: Count | None = None  # an error object under status 200
    garble_after: Count | None = None
    garble: Literal["json", "sse"] = "json"
    break_after: Count | Literal["nothing", "half_head"] | None = None
    break_with: Literal["fin", "rst"] = "fin"
    hang_after: Count | Literal["nothing"] | None = None

    def due_ns(self, event: int) -> int:
        """When content event number `event` (from 0) is due, in nanoseconds after the request."""
        return round((self.ttft_ms + event * self.itl_ms) * NANOSECONDS_PER_MS)


SCRIPT: TypeAdapter[Script] = TypeAdapter(Script)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the body of a request asks for; `script` is absent when the engine's own timing applies."""

    chat: bool
    model: str
    stream: bool
    prompt_tokens: int
    max_tokens: int
    n: int
    include_usage: bool
    script: Script | None
    natural_tokens: int | None = None  # where the answer would end by itself

    @property
    def manner(self) -> Script:
        """The script that shapes the answer; timing aside, a request without one gets the default's shape."""
        return self.script or Script()

    @property
    def output_tokens(self) -> int:
        """Tokens of each choice of the answer."""
        return self.manner.tokens or min(self.natural_tokens or self.max_tokens, self.max_tokens)

    @property
    def finish_reason(self) -> str:
        """Why the answer ends: by itself where the request says how long it would be, else at the limit."""
        if self.manner.tool_call:
            return "tool_calls"
        ends_by_itself = not self.manner.tokens and self.natural_tokens and self.natural_tokens < self.max_tokens
        return "stop" if ends_by_itself else "length"

    @property
    def reported_prompt_tokens(self) -> int:
        """Prompt tokens as `usage` reports them."""
        told = self.manner.prompt_tokens
        return self.prompt_tokens if told is None else told


def parse_script(raw: bytes) -> Script:
    """A script from JSON; UnusableRequest names each mistake."""
    try:
        return SCRIPT.validate_json(raw)
    except ValidationError as error:
        mistakes = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'script'}: {e['msg']}" for e in error.errors())
        raise UnusableRequest(f"The script cannot be followed: {mistakes}.") from error


def understand(path: str, body: bytes, script: Script | None) -> Asked:
    """What a POST to a completions endpoint asks for; the body's `x_script` counts where the head had no script.

    The body's `x_tokens` is where the answer would end by itself; a real engine knows that only when it gets there.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnusableRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(told, dict):
        raise UnusableRequest("The body is not a JSON object.")
    if script is None and "x_script" in told:
        script = parse_script(orjson.dumps(told["x_script"]))
    chat = path.startswith("/v1/chat/")
    options = told.get("stream_options") or {}
    return Asked(
        chat=chat,
        model=str(told.get("model") or "scripted"),
        stream=bool(told.get("stream")),
        prompt_tokens=sum(map(tokens_in, _texts(told.get("messages" if chat else "prompt")))),
        max_tokens=_whole(told, "max_completion_tokens") or _whole(told, "max_tokens") or DEFAULT_TOKENS,
        n=_whole(told, "n") or 1,
        include_usage=bool(options.get("include_usage")) if isinstance(options, dict) else False,
        script=script,
        natural_tokens=_whole(told, "x_tokens"),
    )


def _whole(told: dict[str, object], key: str) -> int | None:
    value = told.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UnusableRequest(f"{key} must be a whole number of at least 1, not {value!r}.")
    return value


def _texts(prompt: object) -> list[str]:
    """The texts of a prompt: a string, a list of strings, or messages whose content is a string or parts."""
    if isinstance(prompt, str):
        return [prompt]
    if isinstance(prompt, list):
        return [text for part in prompt for text in _texts(part)]
    if isinstance(prompt, dict):
        return _texts(prompt.get("content", prompt.get("text")))
    return []
