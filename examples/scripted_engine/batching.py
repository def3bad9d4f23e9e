"""Continuous batching in miniature: how long the steps of an engine take, and who gets a token at the end of each."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

LATE_NS = 50_000_000


class Time(Protocol):
    """A clock in nanoseconds that also makes calls; `Pacer` is the real one."""

    def now_ns(self) -> int:
        """The present."""

    def at(self, when_ns: int, call: Callable[[], None]) -> None:
        """Run `call` at `when_ns`."""


@dataclass(frozen=True, slots=True)
class StepCost:
    """How long a step takes, in milliseconds: a fit for an 8-billion-parameter model in bf16 on one H100.

    Prefill of a prompt: 4.44 + 0.01863 * isl + 6.2e-7 * isl^2. Decoding one token of each of B sequences with K context
    tokens in all: 6.63 + 0.0074 * B + 4.27e-5 * K. A step that does both takes the sum. The fit is to the operator
    tables of NVIDIA's AIConfigurator (vLLM); its largest errors there are 11 % and 4.5 %.
    """

    prefill_base: float = 4.44
    prefill_token: float = 0.01863
    prefill_square: float = 6.2e-7
    decode_base: float = 6.63
    decode_sequence: float = 0.0074
    decode_context: float = 4.27e-5

    def prefill_ms(self, done: int, tokens: int) -> float:
        """Prefilling `tokens` more of a prompt of which `done` are already in the cache."""
        base = self.prefill_base if done == 0 else 0.0
        return base + self.prefill_token * tokens + self.prefill_square * ((done + tokens) ** 2 - done**2)

    def decode_ms(self, sequences: int, context: int) -> float:
        """One token for each of `sequences` sequences that hold `context` tokens together."""
        if not sequences:
            return 0.0
        return self.decode_base + self.decode_sequence * sequences + self.decode_context * context


@dataclass(slots=True, eq=False)
class Sequence:
    """One choice being generated; `on_token` is called for each token, with True for the last one."""

    prompt_tokens: int
    output_tokens: int
    on_token: Callable[[bool], None]
    prefilled: int = 0
    generated: int = 0
    left: bool = False

    @property
    def context(self) -> int:
        """Tokens in the cache."""
        return self.prefilled + self.generated


class Replica:
    """One simulated GPU: a row of steps, each starting where the one before ended, as long as there is work."""

    def __init__(self, time: Time, cost: StepCost, max_sequences: int = 256, max_batched_tokens: int = 8192) -> None:
        self._time = time
        self._cost = cost
        self._max_sequences = max_sequences
        self._max_batched_tokens = max_batched_tokens
        self._waiting: deque[Sequence] = deque()
        self._running: list[Sequence] = []
        self._due: list[Sequence] = []
        self._end_ns: int | None = None

    @property
    def outstanding(self) -> int:
        """Sequences that wait or run."""
        return len(self._waiting) + len(self._running)

    def admit(self, sequence: Sequence) -> None:
        """Queue a sequence; an idle replica starts its next step at once."""
        self._waiting.append(sequence)
        if self._end_ns is None:
            self._begin(self._time.now_ns())

    def _begin(self, start_ns: int) -> None:
        """Plan the step that starts now: decoding goes first, prefill takes what the token budget leaves."""
        self._running = [sequence for sequence in self._running if not sequence.left]
        self._due = [sequence for sequence in self._running if sequence.generated]
        length_ms = self._cost.decode_ms(len(self._due), sum(sequence.context for sequence in self._due))
        budget = self._max_batched_tokens - len(self._due)
        for sequence in self._prefilling():
            part = min(budget, sequence.prompt_tokens - sequence.prefilled)
            length_ms += self._cost.prefill_ms(sequence.prefilled, part)
            sequence.prefilled += part
            budget -= part
            if sequence.prefilled >= sequence.prompt_tokens:
                self._due.append(sequence)
            if budget <= 0:
                break
        if not self._running:
            self._end_ns = None
            return
        self._end_ns = start_ns + round(length_ms * 1e6)
        self._time.at(self._end_ns, self._finish)

    def _prefilling(self) -> list[Sequence]:
        """Sequences whose prompt is not in the cache yet, after room was given to those that wait."""
        while self._waiting and len(self._running) < self._max_sequences:
            sequence = self._waiting.popleft()
            if not sequence.left:
                self._running.append(sequence)
        return [sequence for sequence in self._running if not sequence.generated]

    def _finish(self) -> None:
        for sequence in self._due:
            if sequence.left:
                continue
            sequence.generated += 1
            last = sequence.generated >= sequence.output_tokens
            sequence.left = last
            sequence.on_token(last)
        end, now = self._end_ns or 0, self._time.now_ns()
        self._begin(end if now - end < LATE_NS else now)


class Pool:
    """Several replicas behind one address; a sequence goes to the one with the least outstanding."""

    def __init__(self, time: Time, replicas: int, cost: StepCost) -> None:
        self.replicas = tuple(Replica(time, cost) for _ in range(replicas))

    def admit(self, sequence: Sequence) -> None:
        """Queue a sequence where the fewest wait or run."""
        min(self.replicas, key=lambda replica: replica.outstanding).admit(sequence)
