"""The words in which every dialect tells what a request asks for and what an answer holds."""

from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

# `Usage`, `Piece` and `Delta` are made for every chunk of a stream: a frozen dataclass of ten fields takes 0.8 µs to
# make, a named tuple 0.2 µs.


class Usage(NamedTuple):
    """Token counts as the server states them; None where it says nothing."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_input_tokens: int | None = None


class Text(NamedTuple):
    """A piece of input text and the part of the prompt that it belongs to.

    `part` is `system` (system and developer messages, instructions), `tools` (definitions of tools and functions, and
    schemas), `user` (the last user turn: the last message of the user with those of the user directly before it; a
    prompt that is no chat is one user turn) or `history`: everything else, that is earlier turns, what the assistant
    said, and tool calls and their results wherever they stand, also after the last user turn.
    """

    part: str
    text: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A chat as chat templates take it: messages and tools in the OpenAI form, parsed JSON as the client sent it.

    Tool-call arguments are JSON in a string still. Parts of a message that hold no text (images, audio) keep their keys
    and their type but no data. `arguments` is what the request gives to the template beside these, under the names that
    templates know: `add_generation_prompt`, `continue_final_message`, `documents`, `reasoning_effort` and the keys of
    `chat_template_kwargs`. It holds text and never leaves memory.
    """

    messages: list[dict[str, object]]
    tools: list[object]
    arguments: dict[str, object]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request asks for.

    `texts` are the pieces of input text in order (held in memory only); `token_ids` is the number of input tokens that
    came as ids and need no tokenizer; `messages` is the number of chat messages; `echo` says that the answer may begin
    with the prompt; `chat` is there where a chat template makes one text of the pieces; `partial` says that the engine
    adds input that it keeps itself (an earlier response, a stored prompt), so that nobody but it can count the input.
    """

    model: str | None
    stream: bool
    texts: tuple[Text, ...] = ()
    token_ids: int = 0
    messages: int = 0
    max_tokens: int | None = None
    n: int | None = None
    echo: bool = False
    chat: Conversation | None = None
    partial: bool = False


class Piece(NamedTuple):
    """Output text of one completion (its index) in one event.

    `kind` is answer, reasoning, summary (of a reasoning that is not shown, whose tokens are not those counted), tool or
    refusal.
    """

    completion: int
    kind: str
    text: str


class Delta(NamedTuple):
    """What one event (or one whole body) of an answer holds.

    `continuous` says that `usage` is a count of that `completion` alone, as far as it has come. `error_type` is a short
    word where the answer is an error, `NAMELESS` where the engine gives none. `token_ids` and `prompt_token_ids` count
    the ids that the engine sent of the output and of the prompt; `queue_us` is the engine's own queue time in
    microseconds. `growing` says that a piece may hold the whole text of its completion so far, not only what is new.
    """

    pieces: tuple[Piece, ...] = ()
    usage: Usage | None = None
    continuous: bool = False
    model: str | None = None
    finish_reason: str | None = None
    error_type: str | None = None
    done: bool = False
    token_ids: int = 0
    completion: int = 0
    prompt_token_ids: int = 0
    queue_us: int | None = None
    growing: bool = False


EMPTY = Delta()

THOUGHTS: Final = ("reasoning", "summary")
"""The kinds of pieces that are no part of the answer."""

NAMELESS = "error"
"""The error type of an error for which the engine gives no usable word."""


class Unreadable(Exception):
    """The bytes are not what the dialect expects; `reason` is a short fixed word, never a part of the text."""

    def __init__(self, reason: str = "malformed") -> None:
        super().__init__(reason)
        self.reason = reason


class Foreign(Exception):
    """The request belongs to another API that has the same path."""


class Dialect(Protocol):
    """One API surface.

    `name` is its word in counters, `operation` that in records and metrics. `open_ended` says that a stream has no end
    mark but the end of the connection.
    """

    name: str
    operation: str
    open_ended: bool

    def prompt(self, body: bytes, target: str) -> Prompt:
        """Reads a whole request body that was sent to `target`; raises Unreadable or Foreign."""
        ...

    def delta(self, data: bytes) -> Delta:
        """Reads the data of one server-sent event; raises Unreadable."""
        ...

    def answer(self, body: bytes) -> tuple[Delta, ...]:
        """Reads a whole response body that was not streamed; raises Unreadable."""
        ...
