"""What was seen of one exchange and what was measured from it."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from exporter.dialect.base import Prompt, Usage
from exporter.observe.trace import Trace
from exporter.record import RequestRecord

Integers = npt.NDArray[np.int64]

# `Content` is made for every chunk of a stream: a frozen dataclass takes three times as long.


class Content(NamedTuple):
    """One content event of an answer: arrival in monotonic ns, completion index, kind, and its text.

    `tokens` is how many tokens the engine said had come since the content event before, None where it says nothing.
    """

    at: int
    index: int  # type: ignore[assignment]  # hides tuple's method of that name, which nobody calls here
    kind: str
    text: str
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything seen of one exchange; it holds text and never leaves memory.

    Times are monotonic nanoseconds: `received` is the first byte of the request, `sent` its last byte handed to the
    engine, `first_byte` the response head, `ended` the last body byte or the break. `streamed` says that the answer
    really was an event stream. `continuous` says that the usage was read from an intermediate event, so it may lag
    behind the text. `output_token_ids` and `input_token_ids` are numbers of ids that the engine sent, 0 where it did
    not send them all; `queue_us` is its own queue time. `failures` are the fixed words of what could not be read.
    `client_id` is the keyed hash of who asked, None unless that is wanted and known.
    """

    request_id: str
    trace: Trace | None
    operation: str
    upstream: str
    wall_us: int
    concurrency: int
    received: int
    sent: int | None
    first_byte: int | None
    ended: int
    prompt: Prompt | None
    contents: tuple[Content, ...]
    usage: Usage | None
    continuous: bool
    output_token_ids: int
    streamed: bool
    http_status: int | None
    outcome: str
    response_model: str | None = None
    finish_reason: str | None = None
    error_type: str | None = None
    failures: tuple[str, ...] = ()
    input_token_ids: int = 0
    queue_us: int | None = None
    client_id: str | None = None

    @property
    def trace_id(self) -> str | None:
        """W3C trace id, where there is a valid one."""
        return self.trace.trace_id if self.trace is not None else None


class Steps(NamedTuple):
    """The steps to tokens, as columns of the same length, in order of arrival; what is due for the first event of each
    completion is TTFT and not here.

    Of each content event that completed tokens, `gap_ns` is the time since the one before it in the same completion,
    `tokens` how many it brought, and `position` the place of the last of them in its completion, counted from 1. The
    time before an event that completed none belongs to the next token of that completion, so that the sum of ITL stays
    the decode time.
    """

    gap_ns: Integers
    tokens: Integers
    position: Integers


NO_TIMES: Final = np.empty(0, np.int64)
NO_STEPS: Final = Steps(NO_TIMES, NO_TIMES, NO_TIMES)


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """One finished request as the sinks get it: the record and the timeline that only metrics need.

    `waits_ns` and `steps` leave out each completion's first event; the former are the times from one content event to
    the next of the same completion. `tokens_per_chunk` has every content event. `own_input_tokens` and
    `own_output_tokens` are our own counts where they exist beside the server's. `duration_us` is from the first byte of
    the request to the last of the answer, or to the break.
    """

    record: RequestRecord
    waits_ns: Integers = field(default_factory=lambda: NO_TIMES)
    steps: Steps = NO_STEPS
    tokens_per_chunk: tuple[int, ...] = ()
    own_input_tokens: int | None = None
    own_output_tokens: int | None = None
    failures: tuple[str, ...] = ()
    trace: Trace | None = None
    duration_us: int = 0


class PromptTokens(Protocol):
    """The tokens of a prompt as a counter read it."""

    @property
    def tokens(self) -> int:
        """All of them, with the engine's template where it is known."""
        ...

    @property
    def of_each(self) -> tuple[int, ...]:
        """Those of each text of the prompt, in its order."""
        ...

    @property
    def exact(self) -> bool:
        """False where anything was sampled, estimated, or counted without the template that there is."""
        ...

    @property
    def ids(self) -> tuple[npt.NDArray[np.uint32], ...]:
        """The sequences of ids that the engine reads; none where the count is not exact."""
        ...

    @property
    def failure(self) -> str | None:
        """A fixed word where a template could not be used."""
        ...


class TokenCounter(Protocol):
    """Counts tokens of text."""

    name: str
    """Name of the vocabulary, for the label `tokenizer`."""
    source: str
    """`tokenizer`, or `estimate` where the count is a guess from bytes."""
    exact_up_to: int
    """Characters beyond which a text is only sampled, so that its count is an estimate whatever `source` says."""

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        ...

    def ends(self, text: str) -> Integers:
        """For each token of `text`, the number of characters up to and including it; non-decreasing."""
        ...

    def read(self, prompt: Prompt) -> PromptTokens:
        """The tokens of a prompt, with the template of the model where it is known."""
        ...


class Sink(Protocol):
    """Somewhere a measurement goes; it must not block."""

    def accept(self, measurement: Measurement) -> None:
        """Takes one finished request."""
        ...
