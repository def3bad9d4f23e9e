"""One exchange from its first event to its observation: the one stateful observer."""

from collections.abc import Callable

from exporter.dialect.base import Dialect, Prompt, Unreadable
from exporter.observe.answer import Answer
from exporter.observe.body import Body
from exporter.observe.observation import Observation
from exporter.observe.outcome import ending
from exporter.observe.trace import trace
from exporter.wire.events import (
    Aborted,
    Event,
    Headers,
    RequestBody,
    RequestEnded,
    RequestStarted,
    ResponseBody,
    ResponseEnded,
    ResponseStarted,
    header,
)
from exporter.wire.sse import SseReader


class Exchange:
    """Receives the events of one exchange in order and gives its observation at the end.

    `find_dialect` is asked with method and target. Bodies of more than `body_limit` bytes are not parsed. Nothing that
    the bytes hold makes it raise; what cannot be read is named in the observation's `failures`.
    """

    def __init__(self, find_dialect: Callable[[str, str], Dialect | None], body_limit: int = 32 << 20) -> None:
        self.operation = "other"
        self.prompt: Prompt | None = None
        """What the request asks for, from the moment its last byte was sent."""
        self.streamed = False
        """Whether the answer is an event stream."""
        self.last_at = 0
        """When the latest event happened, monotonic nanoseconds."""
        self.counted_events = 0
        """For the caller's use: how many of the content events it has taken into account."""
        self._find_dialect = find_dialect
        self._limit = body_limit
        self._dialect: Dialect | None = None
        self._answer: Answer | None = None
        self._reader: SseReader | None = None
        self._request: Body | None = None
        self._response: Body | None = None
        self._started: RequestStarted | None = None
        self._received = 0
        self._sent: int | None = None
        self._first_byte: int | None = None
        self._last_byte: int | None = None
        self._status: int | None = None
        self._failures: list[str] = []
        self._over = False

    @property
    def content_events(self) -> int:
        """Content events of the answer so far."""
        return len(self._answer.contents) if self._answer is not None else 0

    def receive(self, event: Event, at: int) -> Observation | None:
        """Takes the next event, which happened at the monotonic nanosecond `at`; the last yields the observation."""
        self.last_at = at
        if isinstance(event, ResponseBody):
            self._last_byte = at
            if self._answer is not None:
                self._read(event.data, at, self._answer)
        elif isinstance(event, RequestBody):
            if self._request is not None:
                self._request.add(event.data)
        elif isinstance(event, RequestStarted):
            self._start(event, at)
        elif isinstance(event, RequestEnded):
            self._sent = at
            self._read_prompt()
        elif isinstance(event, ResponseStarted):
            self._first_byte = at
            self._status = event.status
            self._begin_answer(event.headers)
        elif self._started is not None and not self._over:
            self._over = True
            return self._observe(self._started, event, at)
        return None

    # --- the request

    def _start(self, event: RequestStarted, at: int) -> None:
        self._started = event
        self._received = at
        self._dialect = self._find_dialect(event.method, event.target)
        if self._dialect is not None:
            self.operation = self._dialect.operation
            self._request = Body(header(event.headers, "content-encoding"), self._limit)

    def _read_prompt(self) -> None:
        if self._dialect is None or self._request is None:
            return
        body, self._request = self._request, None
        if body.failure is not None:
            self._failures.append(f"request_{body.failure}")
            return
        try:
            self.prompt = self._dialect.prompt(body.take())
        except Unreadable as error:
            self._failures.append(f"request_{error.reason}")

    # --- the answer

    def _begin_answer(self, headers: Headers) -> None:
        kind = (header(headers, "content-type") or "").partition(";")[0].strip().lower()
        self.streamed = kind == "text/event-stream"
        if self._dialect is None:
            return
        self._answer = Answer(self._dialect)
        self._response = Body(header(headers, "content-encoding"), self._limit)
        if self.streamed:
            self._reader = SseReader()

    def _read(self, data: bytes, at: int, answer: Answer) -> None:
        body, reader = self._response, self._reader
        if body is None:
            return
        if reader is None:
            body.add(data)
        elif body.plain:
            for event in reader.feed(data):
                answer.event(event, at)
        else:
            for piece in body.decoded(data):
                for event in reader.feed(piece):
                    answer.event(event, at)

    def _finish_answer(self, answer: Answer, body: Body, at: int) -> None:
        """Reads what only the end of the answer makes readable; after a break that would be half an event."""
        if self._reader is not None:
            for event in self._reader.close():
                answer.event(event, at)
        elif body.failure is None:
            try:
                answer.body(body.take(), at)
            except Unreadable as error:
                # An error page of something on the way need not be JSON.
                if self._status is not None and self._status < 300:
                    self._failures.append(f"answer_{error.reason}")

    def _gather_failures(self) -> tuple[str, ...]:
        words = list(self._failures)
        if self._response is not None and self._response.failure is not None:
            words.append({"too_large": "answer_too_large"}.get(self._response.failure, self._response.failure))
        if self._reader is not None and self._reader.oversized:
            words.append("event_too_large")
        if self._answer is not None:
            words += self._answer.failures
        return tuple(dict.fromkeys(words))

    # --- the end

    def _observe(self, started: RequestStarted, event: ResponseEnded | Aborted, at: int) -> Observation:
        answer = self._answer
        aborted = event if isinstance(event, Aborted) else None
        ended = at if aborted is not None or self._last_byte is None else self._last_byte
        if answer is not None and self._response is not None and aborted is None:
            self._finish_answer(answer, self._response, ended)
        outcome, error_type = ending(self._status, aborted, answer, self.prompt, streamed=self.streamed)
        return Observation(
            request_id=started.request_id,
            trace=trace(started.headers),
            operation=self.operation,
            upstream=started.upstream,
            wall_us=started.wall_us,
            concurrency=started.concurrency,
            received=self._received,
            sent=self._sent,
            first_byte=self._first_byte,
            ended=ended,
            prompt=self.prompt,
            contents=tuple(answer.contents) if answer else (),
            usage=answer.usage if answer else None,
            continuous=answer.continuous if answer else False,
            output_token_ids=answer.output_ids if answer else 0,
            streamed=self.streamed,
            http_status=self._status,
            outcome=outcome,
            response_model=answer.model if answer else None,
            finish_reason=answer.finish_reason if answer else None,
            error_type=error_type,
            failures=self._gather_failures(),
            input_token_ids=answer.prompt_ids if answer else 0,
            queue_us=answer.queue_us if answer else None,
        )
