"""The words in which every dialect tells what a request asks for and what an answer holds."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as the server states them; None where it says nothing."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_input_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request asks for.

    `texts` are the pieces of input text in order (held in memory only); `token_ids` is the number of input tokens that
    came as ids and need no tokenizer; `messages` is the number of chat messages.
    """

    model: str | None
    stream: bool
    texts: tuple[str, ...] = ()
    token_ids: int = 0
    messages: int = 0
    max_tokens: int | None = None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Output text of one completion in one event: `kind` is answer, reasoning, tool or refusal."""

    index: int
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Delta:
    """What one event (or one whole body) of an answer holds."""

    pieces: tuple[Piece, ...] = ()
    usage: Usage | None = None
    continuous: bool = False
    model: str | None = None
    finish_reason: str | None = None
    error_type: str | None = None
    done: bool = False
    token_ids: int = 0


EMPTY = Delta()


class Unreadable(Exception):  # noqa: N818 - said of a body, not of a program
    """The bytes are not what the dialect expects; `reason` is a short fixed word, never a part of the text."""

    def __init__(self, reason: str = "malformed") -> None:
        super().__init__(reason)
        self.reason = reason


class Dialect(Protocol):
    """One API surface."""

    operation: str

    def prompt(self, body: bytes) -> Prompt:
        """Reads a whole request body; raises Unreadable."""
        ...

    def delta(self, data: bytes) -> Delta:
        """Reads the data of one server-sent event; raises Unreadable."""
        ...

    def answer(self, body: bytes) -> Delta:
        """Reads a whole response body that was not streamed; raises Unreadable."""
        ...
