"""One exchange from its first event to its observation: the one stateful observer."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from exporter.dialect.base import Dialect, Foreign, Prompt, Unreadable
from exporter.observe.answer import Answer
from exporter.observe.body import Body
from exporter.observe.client import SECRETS, Clients
from exporter.observe.echo import without_echo
from exporter.observe.observation import Content, Observation
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
    ResponseRun,
    ResponseStarted,
    header,
)
from exporter.wire.sse import SseReader


class Exchange:
    """Receives the events of one exchange in order and gives its observation at the end.

    `find_dialects` is asked with method and target; of several dialects on one path the first that knows the request's
    body is taken. Bodies of more than `body_limit` bytes are not parsed. Nothing that the bytes hold makes it raise;
    what cannot be read is named in the observation's `failures`. Credentials in the request's headers are let go at
    once; where `clients` is given, the observation has their hash.
    """

    def __init__(
        self,
        find_dialects: Callable[[str, str], tuple[Dialect, ...]],
        body_limit: int = 32 << 20,
        clients: Clients | None = None,
    ) -> None:
        self.operation = "other"
        self.prompt: Prompt | None = None
        """What the request asks for, from the moment its last byte was sent."""
        self.streamed = False
        """Whether the answer is an event stream."""
        self.last_at = 0
        """When the latest event happened, monotonic nanoseconds."""
        self.counted_events = 0
        """For the caller's use: how many of the content events it has taken into account."""
        self._find_dialects = find_dialects
        self._limit = body_limit
        self._candidates: tuple[Dialect, ...] = ()
        self._clients = clients
        self._client_id: str | None = None
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
    def dialect(self) -> str | None:
        """The name of the dialect, as soon as it is known."""
        return self._dialect.name if self._dialect is not None else None

    @property
    def content_events(self) -> int:
        """Content events of the answer so far."""
        return len(self._answer.contents) if self._answer is not None else 0

    def receive(self, event: Event, at: int) -> Observation | None:
        """Takes the next event, which happened at the monotonic nanosecond `at`; the last yields the observation."""
        self.last_at = at
        if isinstance(event, (ResponseRun, ResponseBody)):
            self._last_byte = at
            if self._answer is not None:
                self._read(event.pieces if isinstance(event, ResponseRun) else [(at, event.data)], self._answer)
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
        self._client_id = self._clients.identify(event.headers) if self._clients is not None else None
        secrets = self._clients.secrets if self._clients is not None else SECRETS
        self._started = replace(event, headers=tuple(pair for pair in event.headers if pair[0] not in secrets))
        self._received = at
        self._candidates = self._find_dialects(event.method, event.target)
        if self._candidates:
            self._request = Body(header(event.headers, "content-encoding"), self._limit)
        if len(self._candidates) == 1:
            self._speak(self._candidates[0])

    def _speak(self, dialect: Dialect | None) -> None:
        self._dialect = dialect
        self.operation = "other" if dialect is None else dialect.operation

    def _read_prompt(self) -> None:
        if self._started is None or self._request is None:
            return
        body, self._request = self._request, None
        if body.failure is not None:
            self._failures.append(f"request_{body.failure}")
            return
        whole = body.take()
        for dialect in self._candidates:
            self._speak(dialect)
            try:
                self.prompt = dialect.prompt(whole, self._started.target)
            except Foreign:
                continue
            except Unreadable as error:
                self._failures.append(f"request_{error.reason}")
            return
        self._speak(None)
        self._answer = None

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

    def _read(self, pieces: Iterable[tuple[int, bytes]], answer: Answer) -> None:
        body, reader = self._response, self._reader
        if body is None:
            return
        for at, data in pieces:
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
        contents, echoed = self._contents(answer)
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
            contents=contents,
            usage=answer.usage(self._completions()) if answer else None,
            continuous=answer.continuous if answer else False,
            output_token_ids=answer.output_ids if answer and not echoed else 0,
            streamed=self.streamed,
            http_status=self._status,
            outcome=outcome,
            response_model=answer.model if answer else None,
            finish_reason=answer.finish_reason if answer else None,
            error_type=error_type,
            failures=self._gather_failures(),
            input_token_ids=answer.prompt_ids if answer else 0,
            queue_us=answer.queue_us if answer else None,
            client_id=self._client_id,
        )

    def _contents(self, answer: Answer | None) -> tuple[tuple[Content, ...], bool]:
        """The content events less a repeated prompt, and whether the answer began with it or may have been about to."""
        contents = tuple(answer.contents) if answer is not None else ()
        if self.prompt is None or not self.prompt.echo:
            return contents, False
        kept = without_echo(contents, self.prompt)
        return kept, kept != contents or not contents

    def _completions(self) -> int | None:
        """Completions asked for each prompt; None where the request could not be read."""
        return None if self.prompt is None else self.prompt.n or 1
