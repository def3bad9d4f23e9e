"""What an answer has said so far, event by event."""

from typing import Final

from exporter.dialect.base import THOUGHTS, Delta, Dialect, Piece, Unreadable, Usage
from exporter.observe.alike import Alike
from exporter.observe.growing import Growing
from exporter.observe.observation import Content

_NO_EVENT: Final = (b"", b"[DONE]")
"""What some engines end a stream with in APIs that have another end: vLLM sends OpenAI's mark after a message's."""


class Answer:
    """Gathers the deltas of one answer in the words of its dialect.

    `contents` are its content events; `failures` the fixed words of the events that could not be read.
    """

    __slots__ = (
        "_alike",
        "_delta",
        "_dialect",
        "_final",
        "_finished",
        "_given",
        "_growing",
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
        self._alike = Alike(dialect.delta)
        self._final: Usage | None = None
        self._running: dict[int, Usage] = {}
        self._told: dict[int, int] = {}
        self._given: dict[int, int] = {}
        self._growing: dict[int, Growing] = {}
        self._finished: set[int] = set()
        self._ids = 0
        self._without_ids = False

    def event(self, data: bytes, at: int) -> None:
        """Reads the data of one event that arrived at the monotonic nanosecond `at`."""
        alike = self._alike
        if (text := alike.text(data)) is not None:
            tokens = self._tokens(alike.completion) if self._told else None
            self.contents.append(Content(at, alike.completion, alike.kind, text, tokens))
            return
        try:
            delta = self._delta(data)
        except Unreadable as error:
            failure = f"event_{error.reason}"
            if data.strip() not in _NO_EVENT and failure not in self.failures:
                self.failures.append(failure)
            return
        self._take(delta, at)
        alike.learn(data, delta)

    def body(self, data: bytes, at: int) -> None:
        """Reads a whole answer that was not streamed and ended at `at`; raises Unreadable."""
        for delta in self._dialect.answer(data):
            self._take(delta, at, whole=True)

    def usage(self, n: int | None) -> Usage | None:
        """The server's final counts, and where it gives none what the counts of each completion have come to.

        `n` is the number of completions for each prompt, None where it is not known how many prompts there are.
        """
        final = self._final
        if final is not None and None not in final[:2]:
            return final
        if not self._running:
            return final
        counts = Usage(
            self._of_prompts([(index, usage.input_tokens) for index, usage in self._running.items()], n),
            _sum([usage.output_tokens for usage in self._running.values()]),
            _sum([usage.reasoning_tokens for usage in self._running.values()]),
            self._of_prompts([(index, usage.cached_input_tokens) for index, usage in self._running.items()], n),
        )
        if final is None:
            return counts
        return Usage(*(told if told is not None else so_far for told, so_far in zip(final, counts, strict=True)))

    @property
    def continuous(self) -> bool:
        """True where `usage` is from counts of completions that had not ended, which may lag behind the text."""
        return self._final is None and bool(self._running.keys() - self._finished)

    @property
    def open_ended(self) -> bool:
        """Whether nothing but the end of the connection tells the end of a stream."""
        return self._dialect.open_ended

    @property
    def output_ids(self) -> int:
        """How many output token ids the engine sent; 0 unless every content event came with its ids."""
        return 0 if self._without_ids else self._ids

    def _take(self, delta: Delta, at: int, *, whole: bool = False) -> None:
        if delta.usage is not None or delta.token_ids:
            self._count(delta)
        pieces = delta.pieces
        if pieces:
            if not delta.token_ids:
                self._without_ids = True
            if delta.growing:
                pieces = self._new(pieces, at)
            if len(pieces) == 1:
                completion, kind, text = pieces[0]
                tokens = self._tokens(completion) if self._told else None
                self.contents.append(Content(at, completion, kind, text, tokens))
            elif pieces:
                self._merge(pieces, at, whole=whole)
        if not pieces or self.model is None or delta.finish_reason is not None or delta.error_type is not None:
            self._note(delta)

    def _note(self, delta: Delta) -> None:
        """What an event in the middle of an answer does not have."""
        self.model = self.model or delta.model
        self.finish_reason = delta.finish_reason or self.finish_reason
        self.error_type = delta.error_type or self.error_type
        self.done = self.done or delta.done
        if delta.finish_reason is not None:
            self._finished.add(delta.completion)
        self.prompt_ids = delta.prompt_token_ids or self.prompt_ids
        if delta.queue_us is not None:
            self.queue_us = delta.queue_us

    def _count(self, delta: Delta) -> None:
        completion, usage = delta.completion, delta.usage
        self._ids += delta.token_ids
        if usage is None:
            self._told[completion] = self._told.get(completion, 0) + delta.token_ids
            return
        if not delta.continuous:
            self._final = usage
            return
        before = self._running.get(completion)
        if usage.input_tokens is None and before is not None:
            usage = Usage(*(new if new is not None else old for new, old in zip(usage, before, strict=True)))
        self._running[completion] = usage
        if usage.output_tokens is not None and self._in_progress(delta):
            self._told[completion] = usage.output_tokens

    def _in_progress(self, delta: Delta) -> bool:
        """Whether a count tells the tokens since the event before: at the end it may be the first there is."""
        if delta.finish_reason is None or delta.completion in self._told:
            return True
        return all(content.index != delta.completion for content in self.contents)

    def _tokens(self, completion: int) -> int | None:
        """Tokens that the engine reported for a completion and that no content event has yet."""
        told = self._told.get(completion)
        if told is None:
            return None
        tokens = told - self._given.get(completion, 0)
        self._given[completion] = told
        return max(tokens, 0)

    def _new(self, pieces: tuple[Piece, ...], at: int) -> tuple[Piece, ...]:
        """What is new in pieces that may hold all of their completion's text so far."""
        new: list[Piece] = []
        for completion, kind, text in pieces:
            growing = self._growing.setdefault(completion, Growing())
            undecided = growing.repeats is None
            added = growing.take(at, text, self._told.get(completion) if len(pieces) == 1 else None)
            if undecided and growing.repeats is False:
                self._take_back(completion, growing, kind)
            elif added:
                new.append(Piece(completion, kind, added))
        return tuple(new)

    def _take_back(self, completion: int, growing: Growing, kind: str) -> None:
        """Each event was new after all, though some looked as if they repeated those before."""
        self.contents = [content for content in self.contents if content.index != completion]
        given = 0
        for at, text, told in growing.events:
            self.contents.append(Content(at, completion, kind, text, None if told is None else max(told - given, 0)))
            given = given if told is None else told
        self._given[completion] = given
        self.contents.sort(key=lambda content: (content.at, content.index))

    @staticmethod
    def _of_prompts(counts: list[tuple[int, int | None]], n: int | None) -> int | None:
        """Completions of one prompt count its input once; several prompts add up."""
        largest: dict[int, int] = {}
        for index, tokens in counts:
            if tokens is not None:
                prompt = 0 if n is None else index // max(n, 1)
                largest[prompt] = max(largest.get(prompt, 0), tokens)
        return sum(largest.values()) if largest else None

    def _merge(self, pieces: tuple[Piece, ...], at: int, *, whole: bool) -> None:
        """Several pieces of one completion in one event are one content event: a step, not two.

        Of a `whole` answer, which has no steps, what was thought and what was answered stay apart.
        """
        merged: dict[tuple[int, str], tuple[str, list[str]]] = {}
        for completion, kind, text in pieces:
            before, texts = merged.setdefault((completion, kind if whole else ""), (kind, []))
            if before in THOUGHTS and kind not in THOUGHTS:
                merged[completion, kind if whole else ""] = (kind, texts)
            texts.append(text)
        for (completion, _), (kind, texts) in merged.items():
            tokens = self._tokens(completion) if len(merged) == 1 else None
            self.contents.append(Content(at, completion, kind, "".join(texts), tokens))


def _known(values: list[int | None]) -> list[int]:
    return [value for value in values if value is not None]


def _sum(values: list[int | None]) -> int | None:
    known = _known(values)
    return sum(known) if known else None
