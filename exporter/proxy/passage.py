"""One request on its way through the relay and its answer on the way back."""

from time import monotonic, monotonic_ns, time_ns
from typing import Final

from exporter.proxy import heads
from exporter.proxy.answer_head import BrokenAnswer, read
from exporter.proxy.ports import Client, Gate
from exporter.proxy.upload import Upload
from exporter.proxy.upstream import Answered, Upstream
from exporter.tap import frames
from exporter.tap.trace import Trace
from exporter.wire.chunked import ChunkEnd
from exporter.wire.http1 import CHUNKED, UNTIL_CLOSE, BadMessage, RequestHead, ResponseHead

_SHORT: Final = 64 * 1024
"""Bytes of a body that the kernel surely takes whole."""
_HOLD: Final = 1 << 20
"""Bytes of a body that may wait for a connection before the client is no longer read."""


class Passage:
    """One exchange: bytes go on as they came, a stamp and a reference to them go to the tap.

    `head` and `upload` are the request's, `answer` the answer's head; `over`: the answer is complete or broken. With
    `gathering` the gate wants the whole body, of so many bytes at most. An `amendment` hears the engine in our place.
    A `final` one is not tried again: it has been, or the client has heard from the engine.
    """

    __slots__ = (
        "_chunks", "_close", "_gate", "_left", "_observed", "_received", "_tail", "_trace", "_unsent", "_upstream",
        "amendment", "answer", "client", "final", "gathering", "head", "over", "since", "upload",
    )  # fmt: skip

    def __init__(self, gate: Gate, client: Client, head: RequestHead, received: int) -> None:
        self._gate = gate
        self.client = client
        self.head = head
        self._received = received
        self._observed = gate.observed(head.method, head.target)
        self.upload = Upload(head, gate.limits.body_bytes)
        self._upstream: Upstream | None = None
        self._trace: Trace | None = None
        self._tail = self._unsent = b""
        self.answer: ResponseHead | None = None
        self._chunks: ChunkEnd | None = None
        self._left = self.gathering = 0
        self._close = self.over = self.final = False
        self.amendment: Answered | None = None
        self.since = monotonic()

    @property
    def request_done(self) -> bool:
        """True once the whole request has arrived."""
        return self.upload.done

    def request_bytes(self, data: bytes) -> bytes:
        """Forwards body bytes; returns what follows the body. Raises BadMessage."""
        used = self.upload.measure(data)
        body = data if used == len(data) else data[:used]
        at = monotonic_ns()  # before it is written: that wakes the engine, which may get the processor at once
        if body and not self.over:
            self._forward(body, at)
        if self.upload.done:
            self._request_ended(at)
        return data[used:]

    def connected(self, upstream: Upstream) -> None:
        """A connection is there: send the head and what has waited."""
        if self.over:
            self._gate.give_back(upstream)
            return
        self._upstream = upstream
        upstream.user = self.amendment or self
        sent = self._gate.upstream_head(self.head, upstream)
        waited = self.upload.release()
        self.client.hold(upload=False)  # before the write, which may call back that the engine has enough for now
        now = monotonic_ns()
        self._gate.outbox.write(upstream.transport, b"".join((sent, *waited)))
        self._gate.meter.passed("request", self._received)
        if self._trace is None:
            self._gate.in_flight += 1
            self._trace = self._gate.mailbox.open()
            wall_us = (time_ns() - (monotonic_ns() - self._received)) // 1000
            opening = frames.opening(wall_us, self._gate.in_flight, self._gate.upstream_name(upstream), sent)
            self._trace.add(frames.REQUEST_HEAD, opening, self._received)
            for body in waited if self._observed else ():
                self._trace.add(frames.REQUEST_BODY, body, now)
            if self.upload.done:  # a second attempt does not begin the engine's time anew
                self._trace.add(frames.REQUEST_END, b"", now)

    def unroutable(self) -> None:
        """No engine is configured for this request."""
        self.over = True
        self.client.refuse(404, "no_upstream", "No engine is configured for this path or model.")

    def unreachable(self, error: Exception) -> None:
        """No connection could be had: unless this was a retry nothing was forwarded, so nothing is recorded."""
        if self.over:
            return
        why = "timed out" if isinstance(error, TimeoutError) else "failed"
        sentence = f"tokentide-exporter could not reach the engine: connecting {why}."
        self._end_early("upstream unreachable", 502, "upstream_unreachable", sentence)

    def _forward(self, body: bytes, at: int) -> None:
        if self._upstream is None or self._trace is None:
            self.upload.wait(body)
            if self.gathering:
                if self.upload.waiting > self.gathering:
                    self._gate.gathered_enough(self)
            elif self.upload.waiting > _HOLD:
                self.client.hold(upload=True)
            return
        self._gate.outbox.write(self._upstream.transport, body)
        if self._observed:
            self._trace.add(frames.REQUEST_BODY, body, at)

    def _request_ended(self, at: int) -> None:
        if self.over:
            self.client.finished(keep=not self._close)
        elif self._trace is not None:
            self._trace.add(frames.REQUEST_END, b"", at)
        elif self.gathering:
            self.gathering = 0
            self._gate.connect(self)

    # --- the answer

    def response_bytes(self, data: bytes, at: int) -> None:
        """Bytes of the answer: on to the client unchanged, stamped for the tap."""
        if self.answer is None:
            self._read_head(data, at)
            return
        if self._chunks is not None:
            try:
                self._chunks.feed(data)
            except BadMessage:
                self._broken("malformed_body")
                return
            self._pass_on(data)
            self._gate.meter.passed("chunk", at)
            if self._observed:
                self._trace.add(frames.RESPONSE_BODY, data, at)  # type: ignore[union-attr]  # an answer has a trace
            if self._chunks.done:
                self._complete(at)
        else:
            self._counted_bytes(data, at)

    def _counted_bytes(self, data: bytes, at: int) -> None:
        over = self._left != UNTIL_CLOSE and len(data) > self._left
        if self._left != UNTIL_CLOSE:
            data = data[: self._left] if over else data
            self._left -= len(data)
        self._pass_on(data)
        self._gate.meter.passed("chunk", at)
        if self._observed and self._trace is not None:
            self._trace.add(frames.RESPONSE_BODY, data, at)
        if self._left == 0:
            self._complete(at, reusable=not over)

    def _read_head(self, data: bytes, at: int) -> None:
        try:
            interim, found, self._tail = read(self._tail + data if self._tail else data, self.head.method)
        except BrokenAnswer as broken:
            self._broken(broken.reason)
            return
        for each in interim if self.head.minor else ():
            self.client.write(heads.for_client(each, close=False))
            self.final = True
        if found is not None:
            self._begin_answer(*found, at)

    def _begin_answer(self, head: ResponseHead, raw: bytes, rest: bytes, at: int) -> None:
        self.answer = head
        self._left = head.body
        if head.body == CHUNKED:
            self._chunks = ChunkEnd()
            self.head = self.head._replace(raw=b"", notable=(), length=b"")  # 1.5 KB each, and many streams are open
        self._close = not self.head.keep_alive or head.body == UNTIL_CLOSE or self._gate.draining
        self._unsent = heads.for_client(head, close=self._close)
        self._gate.meter.passed("first_byte", at)
        if self._trace is not None:
            self._trace.add(frames.RESPONSE_HEAD, raw, at)
        if head.body and rest:
            self.response_bytes(rest, at)  # head and first bytes leave in one write
        else:
            self._pass_on(b"")
            if not head.body:
                self._complete(at, reusable=not rest)

    def _pass_on(self, data: bytes) -> None:
        if self._unsent:
            data, self._unsent = self._unsent + data, b""
        self.client.write(data)

    def _complete(self, at: int, *, reusable: bool = True) -> None:
        answer, upstream = self.answer, self._upstream
        if self._trace is not None:
            self._trace.add(frames.RESPONSE_END, b"", at)
        self._end()
        if upstream is not None:
            upstream.user = None
            if self.head.body == CHUNKED or self.head.body > _SHORT:
                self._gate.outbox.flush()
            unsent = upstream.transport.get_write_buffer_size()  # of a long request that was answered early
            kept = reusable and self.request_done and not unsent and answer is not None and answer.keep_alive
            if kept and self.head.minor:
                self._gate.give_back(upstream)
            else:
                upstream.transport.abort()
        self.since = monotonic()
        if self.request_done or self._close:
            self.client.finished(keep=not self._close)
        else:
            self.client.hold(upload=False)

    # --- what can go wrong

    def upstream_full(self, *, full: bool) -> None:
        """The engine is slower than the upload, or has caught up."""
        self.client.hold(upload=full)

    def client_full(self, *, full: bool) -> None:
        """The client is slower than the answer, or has caught up."""
        if self._upstream is not None:
            transport = self._upstream.transport
            (transport.pause_reading if full else transport.resume_reading)()

    def client_gone(self, reason: str) -> None:
        """The client left: the engine must not work for nobody."""
        if not self.over:
            self._abort(f"client {reason}")

    def drained(self) -> None:
        """The drain limit is over."""
        if not self.over:
            self._abort("upstream drained")
            self.client.cut(reset=self._left == UNTIL_CLOSE)

    def timed_out(self) -> None:
        """The exchange took longer than the limit."""
        self._end_early("upstream timeout", 504, "timeout", "The engine did not answer in the time that is set.")

    def stalled(self) -> None:
        """The client has neither sent its body nor taken the answer for too long."""
        if self.answer is not None:
            self._left = UNTIL_CLOSE  # a client that does not read would never be done with a close
        self._end_early("client stalled", 408, "body_timeout", "The request body did not arrive in time.")

    def upstream_ended(self, error: Exception | None) -> None:
        """The engine closed: the proper end of some answers, a retry for a few requests, else an error."""
        upstream, self._upstream = self._upstream, None
        if self.over:
            return
        if self.answer is not None and self._left == UNTIL_CLOSE and error is None:
            self._complete(monotonic_ns())
        elif self.answer is None and not self._tail and self._retry(upstream):
            self.final = True
            self._gate.connect(self)
        else:
            self._broken("reset" if error else "closed")

    def leave(self) -> None:
        """Ends the connection to the engine, if there is one, without a word to anybody."""
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            self._gate.outbox.flush()  # what counts as forwarded must have left
            upstream.user = None
            upstream.transport.abort()

    def _retry(self, upstream: Upstream | None) -> bool:
        """One safe retry: an idempotent request without body, on a reused connection, before any answer."""
        repeatable = self.head.method in {b"GET", b"HEAD", b"OPTIONS"} and self.head.body == 0
        return upstream is not None and upstream.reused and repeatable and not (self.final or self._gate.draining)

    def _broken(self, reason: str) -> None:
        self._end_early(f"upstream {reason}", 502, "upstream_error", "The engine broke off before it answered.")

    def _end_early(self, why: str, status: int, reason: str, sentence: str) -> None:
        """Refuses the request, or cuts an answer of which the client has the beginning."""
        self._abort(why)
        if self._unsent:  # the head came with what is broken, and the client has none of it
            self.answer = None
        if self.answer is None:
            self.client.refuse(status, reason, sentence)
        else:
            self.client.cut(reset=self._left == UNTIL_CLOSE)

    def _abort(self, why: str) -> None:
        if self._trace is not None:
            self._trace.add(frames.ABORTED, why.encode("ascii"), monotonic_ns())
        self.leave()
        self._end()

    def _end(self) -> None:
        self.over = True
        self.upload.release()
        self._upstream = None
        if self._trace is not None:
            self._gate.in_flight -= 1
