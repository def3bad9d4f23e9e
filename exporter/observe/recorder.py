"""From what was seen of one exchange to its record: here text ends."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal

from exporter.dialect.base import THOUGHTS
from exporter.observe.counts import Count, input_count, output_count
from exporter.observe.observation import NO_STEPS, NO_TIMES, Content, Measurement, Observation, TokenCounter
from exporter.observe.prefix import PrefixHashes
from exporter.observe.timeline import TokenTimeline, latencies, own_tokens, timeline, tokens_per_event
from exporter.record import RequestRecord

TimelineMode = Literal["none", "summary", "full"]
"""How much of the timeline a record holds: no buckets, `itl_counts`, or every gap as well."""

_WITHOUT_CACHE: Final = ("embeddings",)
_INT32: Final = 2**31 - 1
_LONGEST_ID: Final = 128


class Recorder:
    """Measures observations by the definitions of the metric reference; stateless but for its settings.

    `prefixes` hashes the prefixes of prompts whose ids are known; none are recorded without it.
    """

    def __init__(
        self, instance: str, timeline_mode: TimelineMode = "summary", prefixes: PrefixHashes | None = None
    ) -> None:
        self._instance = instance
        self._mode = timeline_mode
        self._prefixes = prefixes

    def measure(
        self,
        observation: Observation,
        counter: TokenCounter | None,
        context_tokens_in_flight: int | None = None,
        *,
        beside: bool = False,
    ) -> Measurement:
        """The measurement of one finished exchange.

        `counter` counts for the model that was asked for; `context_tokens_in_flight` are those of the other requests
        when this one began. With `beside` tokens are also counted by a tokenizer where the server has counted them,
        which costs the tokenizer's time.
        """
        read = input_count(observation, counter, beside=beside)
        written = output_count(observation, counter, beside=beside)
        own = written.own_per_event
        visible = _visible(observation, written.tokens, counter, own)
        tokens = tokens_per_event(observation.contents, visible, counter, own)
        line = timeline(observation.contents, tokens) if observation.streamed else None
        record = self._record(observation, read, written, tokens, context_tokens_in_flight)
        if line is not None:
            shown = None if visible is None else visible - _told_at_first(observation)
            record = self._timed(record, observation.contents, line, shown)
        return Measurement(
            record,
            *((line.waits_ns, line.steps, line.tokens) if line is not None else (NO_TIMES, NO_STEPS, ())),
            read.own,
            written.own,
            (*observation.failures, *_failures(read)),
            observation.trace,
            _us(max(observation.ended - observation.received, 0)),
        )

    def _blocks(self, observation: Observation, count: Count) -> tuple[int, ...] | None:
        """Of prompts that an engine may have in its prefix cache, where we know their ids."""
        prompt, read = observation.prompt, count.read
        if self._prefixes is None or prompt is None or prompt.partial or observation.operation in _WITHOUT_CACHE:
            return None
        return self._prefixes.blocks(prompt.model or "", read.ids) if read is not None and read.ids else None

    def _record(
        self, observation: Observation, read: Count, written: Count, tokens: tuple[int, ...], context: int | None
    ) -> RequestRecord:
        """The record of what every answer has; made at once, because each copy of so many fields costs 10 µs."""
        prompt, usage, parts = observation.prompt, observation.usage, read.parts
        return RequestRecord(
            timestamp=observation.wall_us,
            request_id=observation.request_id[:_LONGEST_ID],
            model=prompt.model if prompt is not None else None,
            response_model=observation.response_model,
            operation=observation.operation,
            upstream=observation.upstream,
            instance=self._instance,
            trace_id=observation.trace_id,
            client_id=observation.client_id,
            stream=prompt.stream if prompt is not None else observation.streamed,
            input_tokens=read.tokens,
            input_source=read.source,
            cached_input_tokens=usage.cached_input_tokens if usage is not None else None,
            system_tokens=parts.get("system"),
            history_tokens=parts.get("history"),
            user_tokens=parts.get("user"),
            tool_tokens=parts.get("tools"),
            prefix_blocks=self._blocks(observation, read),
            output_tokens=written.tokens,
            output_source=written.source,
            reasoning_tokens=_reasoning(observation, tokens),
            ttft_us=_first(observation),
            ttfa_us=_first_answer(observation),
            e2e_us=_end_to_end(observation),
            max_tokens=prompt.max_tokens if prompt is not None else None,
            n=prompt.n if prompt is not None else None,
            queue_us=observation.queue_us,
            concurrency=observation.concurrency,
            context_tokens_in_flight=context,
            outcome=observation.outcome,
            http_status=observation.http_status,
            finish_reason=observation.finish_reason,
            error_type=observation.error_type,
        )

    def _timed(
        self, record: RequestRecord, contents: Sequence[Content], line: TokenTimeline, visible: int | None
    ) -> RequestRecord:
        """The record with what only a stream has; `visible` tokens were seen to come."""
        itl = latencies(line.steps)
        full = self._mode == "full"
        return replace(
            record,
            ttst_us=_second(contents),
            tpot_us=_per_token(line, visible),
            chunks=len(contents),
            itl_p50_us=_us(itl.p50_ns) if itl is not None else None,
            itl_p95_us=_us(itl.p95_ns) if itl is not None else None,
            itl_max_us=_us(itl.max_ns) if itl is not None else None,
            itl_counts=itl.counts if itl is not None and self._mode != "none" else None,
            chunk_gaps_us=tuple(min(_us(gap), _INT32) for gap in line.gaps_ns.tolist()) if full else None,
            chunk_tokens=line.tokens if full else None,
        )


def _failures(count: Count) -> tuple[str, ...]:
    failure = count.read.failure if count.read is not None else None
    return () if failure is None else (failure,)


def _us(nanoseconds: int) -> int:
    return (nanoseconds + 500) // 1000


def _since_request(observation: Observation, at: int | None) -> int | None:
    """Microseconds from the last byte of the request to `at`; None where either is unknown or `at` came first."""
    if at is None or observation.sent is None or at < observation.sent:
        return None
    return _us(at - observation.sent)


def _first(observation: Observation) -> int | None:
    """TTFT: `t_1 − t_req`, of streams only."""
    if not observation.streamed or not observation.contents:
        return None
    return _since_request(observation, observation.contents[0].at)


def _first_answer(observation: Observation) -> int | None:
    """The same for the first content that is neither reasoning nor its summary."""
    if not observation.streamed:
        return None
    at = next((content.at for content in observation.contents if content.kind not in THOUGHTS), None)
    return _since_request(observation, at)


def _second(contents: Sequence[Content]) -> int | None:
    """TTST: `t_2 − t_1`, both of the completion that came first, because a gap belongs to one completion."""
    if not contents:
        return None
    first = contents[0]
    at = next((content.at for content in contents[1:] if content.index == first.index), None)
    return None if at is None else _us(at - first.at)


def _per_token(line: TokenTimeline, tokens: int | None) -> int | None:
    """TPOT: `(t_last − t_1) / (N − 1)`; of several completions the sum of their times over the sum of their `N − 1`.

    N are the tokens that were shown: hidden reasoning was over before t_1. None where everything came in one event,
    because then no time was seen to pass.
    """
    if not len(line.waits_ns) or tokens is None or tokens <= line.completions:
        return None
    return round(line.decode_ns / (tokens - line.completions) / 1000)


def _end_to_end(observation: Observation) -> int | None:
    """E2E: to the last content event of a stream, to the last body byte of any other answer that came whole."""
    if observation.streamed and observation.operation != "other":
        return _since_request(observation, observation.contents[-1].at if observation.contents else None)
    whole = observation.http_status is not None and observation.outcome not in {"client_disconnect", "mid_stream_error"}
    return _since_request(observation, observation.ended if whole else None)


def _visible(
    observation: Observation, tokens: int | None, counter: TokenCounter | None, own: Sequence[int] | None
) -> int | None:
    """Output tokens less those of a reasoning that the server counts but does not show, or only sums up.

    A reasoning within the text of the answer is shown: there the engine tells the tokens of each event, or else our own
    count of what came is nearer to all tokens than to the rest.
    """
    usage, contents = observation.usage, observation.contents
    if tokens is None or usage is None or not usage.reasoning_tokens or not contents:
        return tokens
    if any(content.kind == "reasoning" for content in contents):
        return tokens
    if all(content.tokens is not None for content in contents):
        return tokens
    rest = max(tokens - usage.reasoning_tokens, 0)
    if own is None:
        own = own_tokens(contents, counter) if counter is not None else ()
    summary = sum(count for content, count in zip(contents, own, strict=False) if content.kind == "summary")
    if summary:
        return min(rest + summary, tokens)
    return rest if abs(sum(own) - rest) <= abs(sum(own) - tokens) else tokens


def _told_at_first(observation: Observation) -> int:
    """Tokens of a hidden reasoning that the engine counted by the first content event: they came before it."""
    usage, contents = observation.usage, observation.contents
    if usage is None or not usage.reasoning_tokens or any(content.kind == "reasoning" for content in contents):
        return 0
    if any(content.tokens is None for content in contents):
        return 0
    return min(usage.reasoning_tokens, max((contents[0].tokens or 1) - 1, 0)) if contents else 0


def _reasoning(observation: Observation, tokens: tuple[int, ...]) -> int | None:
    """Reasoning tokens as the server counts them, else those of the events that held reasoning."""
    usage = observation.usage
    if usage is not None and usage.reasoning_tokens is not None:
        return usage.reasoning_tokens
    pairs = zip(observation.contents, tokens, strict=False)
    thoughts = [brought for content, brought in pairs if content.kind in THOUGHTS]
    return sum(thoughts) if thoughts else None
