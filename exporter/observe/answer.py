"""What an answer has said so far, event by event."""

from exporter.dialect.base import Delta, Dialect, Piece, Unreadable, Usage
from exporter.observe.observation import Content


class Answer:
    """Gathers the deltas of one answer in the words of its dialect.

    `contents` are its content events; `failures` the fixed words of the events that could not be read.
    """

    __slots__ = (
        "_delta",
        "_dialect",
        "_final",
        "_given",
        "_ids",
        "_running",
        "_told",
        "_without_ids",
        "contents",
        "done",
        "error_type",
        "failures",
        "finish_reason",
        "model",
        "prompt_ids",
        "queue_us",
    )

    def __init__(self, dialect: Dialect) -> None:
        self.contents: list[Content] = []
        self.done = False
        self.error_type: str | None = None
        self.failures: list[str] = []
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.prompt_ids = 0
        self.queue_us: int | None = None
        self._dialect = dialect
        self._delta = dialect.delta
        self._final: Usage | None = None
        self._running: dict[int, Usage] = {}
        self._told: dict[int, int] = {}
        self._given: dict[int, int] = {}
        self._ids = 0
        self._without_ids = False

    def event(self, data: bytes, at: int) -> None:
        """Reads the data of one event that arrived at the monotonic nanosecond `at`."""
        try:
            delta = self._delta(data)
        except Unreadable as error:
            failure = f"event_{error.reason}"
            if data.strip() and failure not in self.failures:
                self.failures.append(failure)
            return
        self._take(delta, at)

    def body(self, data: bytes, at: int) -> None:
        """Reads a whole answer that was not streamed and ended at `at`; raises Unreadable."""
        self._take(self._dialect.answer(data), at)

    @property
    def usage(self) -> Usage | None:
        """The server's final counts, else what its running counts have come to."""
        if self._final is not None or not self._running:
            return self._final
        return Usage(
            _largest([usage.input_tokens for usage in self._running.values()]),
            _sum([usage.output_tokens for usage in self._running.values()]),
            _sum([usage.reasoning_tokens for usage in self._running.values()]),
            _largest([usage.cached_input_tokens for usage in self._running.values()]),
        )

    @property
    def continuous(self) -> bool:
        """True where `usage` is from running counts, which may lag behind the text."""
        return self._final is None and bool(self._running)

    @property
    def output_ids(self) -> int:
        """How many output token ids the engine sent; 0 unless every content event came with its ids."""
        return 0 if self._without_ids else self._ids

    def _take(self, delta: Delta, at: int) -> None:
        if delta.usage is not None or delta.token_ids:
            self._count(delta)
        pieces = delta.pieces
        if pieces:
            if not delta.token_ids:
                self._without_ids = True
            if len(pieces) == 1:
                completion, kind, text = pieces[0]
                tokens = self._tokens(completion) if self._told else None
                self.contents.append(Content(at, completion, kind, text, tokens))
            else:
                self._merge(pieces, at)
        if not pieces or self.model is None or delta.finish_reason is not None or delta.error_type is not None:
            self._note(delta)

    def _note(self, delta: Delta) -> None:
        """What an event in the middle of an answer does not have."""
        self.model = self.model or delta.model
        self.finish_reason = delta.finish_reason or self.finish_reason
        self.error_type = delta.error_type or self.error_type
        self.done = self.done or delta.done
        self.prompt_ids = delta.prompt_token_ids or self.prompt_ids
        if delta.queue_us is not None:
            self.queue_us = delta.queue_us

    def _count(self, delta: Delta) -> None:
        completion, usage = delta.completion, delta.usage
        self._ids += delta.token_ids
        if usage is None:
            self._told[completion] = self._told.get(completion, 0) + delta.token_ids
            return
        # In the last frame of one of several completions the engine speaks of that one alone.
        ends_one_of_several = delta.finish_reason is not None and len(self._running.keys() | {completion}) > 1
        in_progress = delta.continuous or (delta.finish_reason is not None and completion in self._told)
        if in_progress and usage.output_tokens is not None:
            self._told[completion] = usage.output_tokens
        if delta.continuous or ends_one_of_several:
            self._running[completion] = usage
        else:
            self._final = usage

    def _tokens(self, completion: int) -> int | None:
        """Tokens that the engine reported for a completion and that no content event has yet."""
        told = self._told.get(completion)
        if told is None:
            return None
        tokens = told - self._given.get(completion, 0)
        self._given[completion] = told
        return max(tokens, 0)

    def _merge(self, pieces: tuple[Piece, ...], at: int) -> None:
        """Several pieces of one completion in one event are one content event: a step, not two."""
        merged: dict[int, tuple[str, str]] = {}
        for completion, kind, text in pieces:
            before, so_far = merged.get(completion, ("reasoning", ""))
            merged[completion] = (kind if before == "reasoning" else before, so_far + text)
        for completion, (kind, text) in merged.items():
            tokens = self._tokens(completion) if len(merged) == 1 else None
            self.contents.append(Content(at, completion, kind, text, tokens))


def _known(values: list[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _largest(values: list[int | None]) -> int | None:
    return max(_known(values), default=None)


def _sum(values: list[int | None]) -> int | None:
    known = _known(values)
    return sum(known) if known else None
