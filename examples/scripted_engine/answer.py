"""One answer on its way to a client: its steps, written when they are due."""

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Iterator

from scripted_engine.batching import Pool, Sequence
from scripted_engine.log import Entry
from scripted_engine.pacer import Pacer
from scripted_engine.storyboard import Kind, Step

OUTCOMES = {
    Kind.DONE: "completed",
    Kind.WHOLE: "completed",
    Kind.FIN: "broken",
    Kind.RST: "broken",
    Kind.HANG: "hanging",
}
NO_LINGER = struct.pack("ii", 1, 0)


class Answer:
    """Writes the steps of one answer; `ended` is called once when the connection is free for the next request."""

    def __init__(
        self, steps: Iterator[Step], transport: asyncio.Transport, entry: Entry, ended: Callable[[], None]
    ) -> None:
        self._steps = steps
        self._transport = transport
        self._entry = entry
        self._ended = ended
        self._next: Step | None = next(steps, None)
        self._sequence: Sequence | None = None

    def follow_schedule(self, pacer: Pacer) -> None:
        """Write each step at its own absolute time after the request was received, however late the one before was."""
        if self._next is not None:
            due = self._entry.received_ns + self._next.due_ns
            pacer.at(due, lambda: self._act_and_wait(due, pacer))

    def follow_engine(self, pool: Pool, prompt_tokens: int, output_tokens: int, *, stream: bool) -> None:
        """Let a simulated engine decide when the tokens come; without a stream all is written with the last one."""
        on_token = self._token if stream else self._last_token
        self._sequence = Sequence(max(1, prompt_tokens), output_tokens, on_token)
        pool.admit(self._sequence)

    def abandon(self) -> None:
        """The client has left: nothing more is written."""
        if self._next is not None or self._entry.outcome == "hanging":
            self._end("left")
        self._next = None
        if self._sequence is not None:
            self._sequence.left = True

    def _act_and_wait(self, due_ns: int, pacer: Pacer) -> None:
        if self._next is None:
            return
        self._act(self._next, due_ns)
        self._next = next(self._steps, None)  # made now, so that it only has to be written when it is due
        self.follow_schedule(pacer)

    def _token(self, last: bool) -> None:  # noqa: FBT001 – the engine's call-back, called for each token
        """Write up to and with the next content event, and the rest after the last one."""
        now = time.monotonic_ns()
        while self._next is not None:
            step = self._next
            self._act(step, now)
            self._next = next(self._steps, None)
            if step.kind is Kind.CONTENT and not last:
                return

    def _last_token(self, last: bool) -> None:  # noqa: FBT001 – as above
        if last:
            self._token(last)

    def _act(self, step: Step, due_ns: int) -> None:
        if step.data:
            self._transport.write(step.data)
        if step.tokens:
            self._entry.due_ns.append(due_ns)
            self._entry.written_ns.append(time.monotonic_ns())
            self._entry.tokens.append(step.tokens)
        if step.kind in OUTCOMES:
            self._end(OUTCOMES[step.kind])
            self._close(step.kind)

    def _end(self, outcome: str) -> None:
        self._entry.outcome = outcome
        self._entry.ended_ns = time.monotonic_ns()

    def _close(self, kind: Kind) -> None:
        if kind is Kind.RST:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            self._transport.abort()
        elif kind is Kind.FIN:
            self._transport.close()
        elif kind is not Kind.HANG:
            self._ended()
