"""The port of all ways of counting tokens, and what can be put around any of them."""

from collections.abc import Callable
from time import perf_counter_ns
from typing import Protocol, TypeVar

from exporter.dialect.base import Prompt
from exporter.tokens.pieces import Ends
from exporter.tokens.reading import Read

T = TypeVar("T")


class Counter(Protocol):
    """Counts the tokens of a text with one vocabulary."""

    name: str
    """Of the vocabulary, for the label `tokenizer`."""
    source: str
    """`tokenizer`, or `estimate` where every count is a guess."""
    exact_up_to: int
    """Characters beyond which a text is only sampled, so that its count is an estimate whatever `source` says."""

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        ...

    def ends(self, text: str) -> Ends:
        """For each token of `text`, the number of characters up to and including it; non-decreasing."""
        ...

    def read(self, prompt: Prompt) -> Read:
        """The tokens of a prompt, with the template of the model where it is known."""
        ...


class Sampled:
    """A counter for texts beyond its exact limit: it samples them, so its source is `estimate`."""

    source = "estimate"

    def __init__(self, counter: Counter) -> None:
        self.name = counter.name
        self.exact_up_to = counter.exact_up_to
        self._counter = counter

    def count(self, text: str) -> int:
        """Tokens in `text`, about."""
        return self._counter.count(text)

    def ends(self, text: str) -> Ends:
        """For each token, the number of characters up to and including it, about."""
        return self._counter.ends(text)

    def read(self, prompt: Prompt) -> Read:
        """All texts are sampled as if they were one, and each has the share of its length."""
        joined = "".join(text for _, text in prompt.texts)
        total = self._counter.count(joined)
        reached, of_each = 0, []
        for _, text in prompt.texts:
            before = reached * total // max(len(joined), 1)
            reached += len(text)
            of_each.append(reached * total // max(len(joined), 1) - before)
        return Read(total, tuple(of_each), exact=False)


class Timed:
    """A counter that reports how many nanoseconds each of its calls took."""

    def __init__(
        self, counter: Counter, report: Callable[[str, int], None], clock: Callable[[], int] = perf_counter_ns
    ) -> None:
        self.name = counter.name
        self.source = counter.source
        self.exact_up_to = counter.exact_up_to
        self._counter = counter
        self._report = report
        self._clock = clock

    def count(self, text: str) -> int:
        """Tokens in `text`."""
        return self._timed(lambda: self._counter.count(text))

    def ends(self, text: str) -> Ends:
        """For each token, the number of characters up to and including it."""
        return self._timed(lambda: self._counter.ends(text))

    def read(self, prompt: Prompt) -> Read:
        """The tokens of a prompt."""
        return self._timed(lambda: self._counter.read(prompt))

    def _timed(self, call: Callable[[], T]) -> T:
        start = self._clock()
        answer = call()
        self._report(self.name, self._clock() - start)
        return answer
