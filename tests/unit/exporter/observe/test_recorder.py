import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.catalog import TIME_PER_TOKEN
from exporter.dialect.base import Prompt
from exporter.observe.observation import Measurement
from exporter.observe.prefix import PrefixHashes
from exporter.observe.recorder import Recorder
from exporter.tokens.reading import Read
from tests.fakes.counters import WordCounter
from tests.fakes.transcripts import JSON, MS, Script, load, names, paced, sse

REQUEST = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "what is it"}]}


def frame(text: str, index: int = 0, **more: object) -> dict[str, object]:
    return {"choices": [{"index": index, "delta": {"content": text}}], **more}


def thought(text: str) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": {"reasoning": text}}]}


FINISH: dict[str, object] = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def usage(read: int, written: int, **details: object) -> dict[str, object]:
    return {"choices": [], "usage": {"prompt_tokens": read, "completion_tokens": written, **details}}


def measure(
    script: Script, recorder: Recorder | None = None, counter: WordCounter | None = None, *, beside: bool = False
) -> Measurement:
    return (recorder or Recorder("here")).measure(script.observe(), counter or WordCounter(), 77, beside=beside)


def stream(*events: object, request: object = REQUEST, step: float = 10, **changes: Any) -> Script:
    """Events at 52, 62, 72 … ms; the request is sent at 2 ms."""
    return Script(paced(sse(*events), 52, step), request, **changes)


@pytest.mark.parametrize("name", names())
def test_what_engines_send_is_recorded(name: str) -> None:
    transcript = load(name)
    record = measure(transcript.script, Recorder("here", "full")).record
    seen = {column: getattr(record, column) for column in transcript.record}
    lists = {column: list(value) for column, value in seen.items() if isinstance(value, tuple)}
    assert {**seen, **lists} == transcript.record


def test_the_times_of_a_stream() -> None:
    record = measure(stream(frame("one"), frame(" two"), frame(" three"), FINISH, usage(9, 3))).record
    assert (record.ttft_us, record.ttfa_us, record.ttst_us) == (50_000, 50_000, 10_000)
    assert (record.tpot_us, record.e2e_us, record.chunks) == (10_000, 70_000, 3)
    assert (record.itl_p50_us, record.itl_p95_us, record.itl_max_us) == (10_000, 10_000, 10_000)


def test_the_role_frame_is_no_first_token_and_the_usage_frame_no_last_one() -> None:
    role = {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    record = measure(stream(role, frame("one"), FINISH, usage(9, 1))).record
    assert (record.ttft_us, record.e2e_us, record.chunks) == (60_000, 60_000, 1)


def test_the_first_answer_token_waits_for_the_end_of_reasoning_and_the_first_token_does_not() -> None:
    record = measure(stream(thought("hm"), thought(" so"), frame("yes"), FINISH)).record
    assert (record.ttft_us, record.ttfa_us) == (50_000, 70_000)
    assert (record.output_tokens, record.reasoning_tokens) == (3, 2)


def test_the_server_s_reasoning_tokens_are_recorded_and_hidden_ones_do_not_dilute_the_latency() -> None:
    hidden = usage(9, 102, completion_tokens_details={"reasoning_tokens": 100})
    measurement = measure(stream(frame("one"), frame(" two"), FINISH, hidden))
    assert (measurement.record.output_tokens, measurement.record.reasoning_tokens) == (102, 100)
    assert measurement.tokens_per_chunk == (1, 1)
    assert (measurement.record.itl_p50_us, measurement.record.tpot_us) == (10_000, 10_000)


def test_hidden_reasoning_that_the_engine_tells_with_the_first_event_is_no_time_per_token() -> None:
    def told(text: str, tokens: int) -> dict[str, object]:
        return frame(text, usage={"prompt_tokens": 9, "completion_tokens": tokens})

    hidden = usage(9, 503, completion_tokens_details={"reasoning_tokens": 500})
    record = measure(stream(told("one", 501), told(" two", 502), told(" three", 503), FINISH, hidden)).record
    assert (record.output_tokens, record.itl_p50_us, record.tpot_us) == (503, 10_000, 10_000)


def test_a_reasoning_that_is_part_of_the_text_is_not_taken_for_a_hidden_one() -> None:
    within = usage(9, 4, completion_tokens_details={"reasoning_tokens": 3})
    record = measure(stream(frame("one"), frame(" two"), frame(" three"), frame(" four"), FINISH, within)).record
    assert (record.reasoning_tokens, record.itl_p50_us, record.tpot_us) == (3, 10_000, 10_000)
    assert sum(record.itl_counts or ()) == 3


def test_a_summary_stands_for_the_reasoning_but_not_for_its_tokens() -> None:
    events = [
        {"type": "response.reasoning_summary_text.delta", "delta": "thought"},
        *({"type": "response.output_text.delta", "delta": text} for text in (" one", " two", " three")),
        {
            "type": "response.completed",
            "response": {
                "status": "completed",
                "usage": {
                    "input_tokens": 9, "output_tokens": 903, "output_tokens_details": {"reasoning_tokens": 900}
                },
            },
        },
    ]  # fmt: skip
    measurement = measure(stream(*events, target="/v1/responses"))
    assert (measurement.record.reasoning_tokens, measurement.record.output_tokens) == (900, 903)
    assert measurement.tokens_per_chunk == (1, 1, 1, 1)
    assert (measurement.record.itl_p50_us, measurement.record.tpot_us) == (10_000, 10_000)
    assert (measurement.record.ttft_us, measurement.record.ttfa_us) == (50_000, 60_000)


def test_reasoning_tokens_of_an_answer_that_was_not_streamed_are_counted_by_us_where_the_engine_tells_none() -> None:
    message = {"reasoning": "one two three", "content": "yes"}
    counted = {"choices": [{"index": 0, "message": message}], "usage": usage(9, 4)["usage"]}
    script = Script([(52, json.dumps(counted).encode())], {**REQUEST, "stream": False}, headers=JSON)
    record = measure(script).record
    assert (record.output_tokens, record.reasoning_tokens) == (4, 3)


def test_cached_input_tokens_are_recorded() -> None:
    cached = usage(9, 1, prompt_tokens_details={"cached_tokens": 8})
    assert measure(stream(frame("one"), FINISH, cached)).record.cached_input_tokens == 8


def test_an_answer_of_one_token_has_no_time_per_token() -> None:
    record = measure(stream(frame("one"), FINISH, usage(9, 1))).record
    assert (record.tpot_us, record.ttst_us, record.itl_p50_us, record.itl_counts) == (None, None, None, None)


def test_fewer_tokens_than_events_leave_no_time_per_token_to_divide_by() -> None:
    measurement = measure(stream(frame("o"), frame("n"), frame("e"), FINISH, usage(9, 1)))
    assert measurement.record.tpot_us is None
    assert measurement.tokens_per_chunk == (0, 0, 1)


def test_an_answer_in_one_event_has_no_time_per_token() -> None:
    assert measure(stream(frame("one two three"), FINISH, usage(9, 3))).record.tpot_us is None


def test_tokens_in_bursts_have_latencies_that_add_up_to_the_decode_time() -> None:
    measurement = measure(stream(frame("a b"), frame(" c d e f"), frame(" g h"), FINISH, usage(9, 8), step=40))
    assert [column.tolist() for column in measurement.steps] == [[40 * MS, 40 * MS], [4, 2], [6, 8]]
    assert measurement.waits_ns.tolist() == [40 * MS, 40 * MS]
    assert measurement.tokens_per_chunk == (2, 4, 2)
    record = measurement.record
    assert (record.itl_p50_us, record.itl_max_us, record.tpot_us) == (10_000, 20_000, round(80_000 / 7))
    assert record.itl_counts is not None
    assert record.itl_counts[TIME_PER_TOKEN.index(0.01)] == 4
    assert record.itl_counts[TIME_PER_TOKEN.index(0.02)] == 2


def test_gaps_belong_to_one_completion_and_the_first_token_to_the_request() -> None:
    """Completion 0 at 50, 70, 90 ms after the request, completion 1 at 60, 80, 100 ms."""
    events = [frame(f"{word} ", i % 2) for i, word in enumerate("abcdef")]
    ends = [{"choices": [{"index": i, "delta": {}, "finish_reason": "stop"}]} for i in (0, 1)]
    record = measure(stream(*events, *ends, usage(9, 6), request={**REQUEST, "n": 2})).record
    assert (record.ttft_us, record.ttst_us, record.tpot_us, record.itl_p50_us) == (50_000, 20_000, 20_000, 20_000)
    assert (record.e2e_us, record.n, record.input_tokens, record.output_tokens) == (100_000, 2, 9, 6)


def test_an_answer_without_streaming_has_neither_first_token_nor_latencies() -> None:
    body = b'{"model":"m1","choices":[{"index":0,"message":{"content":"a b"},"finish_reason":"stop"}]}'
    script = Script([(50, body[:10]), (92, body[10:])], {**REQUEST, "stream": False}, headers=JSON)
    measurement = measure(script, Recorder("here", "full"))
    record = measurement.record
    assert (record.e2e_us, record.output_tokens, record.output_source) == (90_000, 2, "tokenizer")
    assert [record.ttft_us, record.ttfa_us, record.ttst_us, record.tpot_us, record.chunks] == [None] * 5
    assert [record.itl_counts, record.chunk_gaps_us, record.chunk_tokens] == [None] * 3
    assert (len(measurement.waits_ns), len(measurement.steps.tokens), measurement.tokens_per_chunk) == (0, 0, ())


def test_a_client_that_leaves_is_recorded_with_what_was_seen_so_far() -> None:
    script = Script(paced(sse(frame("one"), frame(" two"), done=False), 52), REQUEST, end="client reset")
    record = measure(script).record
    assert (record.outcome, record.output_tokens, record.output_source) == ("client_disconnect", 2, "tokenizer")
    assert (record.ttft_us, record.e2e_us, record.tpot_us) == (50_000, 60_000, 10_000)


def test_a_request_that_got_no_answer_keeps_its_input() -> None:
    record = measure(Script(request=REQUEST, status=None, end="upstream refused")).record
    assert (record.outcome, record.error_type, record.http_status) == ("upstream_error", "refused", None)
    assert (record.input_tokens, record.e2e_us, record.ttft_us) == (3, None, None)


def test_a_first_token_before_the_end_of_the_request_has_no_time() -> None:
    record = measure(stream(frame("one"), frame(" two"), FINISH, sent_ms=55)).record
    assert (record.ttft_us, record.ttst_us, record.e2e_us) == (None, 10_000, 7_000)


def test_the_queue_time_of_the_engine_is_recorded() -> None:
    last = {**usage(9, 1), "metrics": {"queue_time_ms": 3.25}}
    assert measure(stream(frame("one"), FINISH, last)).record.queue_us == 3250


@pytest.mark.parametrize(
    ("mode", "buckets", "gaps", "tokens"),
    [("none", False, None, None), ("summary", True, None, None), ("full", True, (10_000,), (1, 1))],
)
def test_the_timeline_is_as_long_as_the_setting_says(mode: Any, buckets: bool, gaps: object, tokens: object) -> None:
    record = measure(stream(frame("one"), frame(" two"), FINISH), Recorder("here", mode)).record
    assert (record.itl_counts is not None, record.chunk_gaps_us, record.chunk_tokens) == (buckets, gaps, tokens)
    assert record.itl_p50_us == 10_000


def test_the_record_says_who_and_where_and_what_was_asked() -> None:
    asked = {**REQUEST, "max_tokens": 4, "n": 1}
    record = measure(stream(frame("one", model="real"), FINISH, request=asked)).record
    assert (record.instance, record.upstream, record.request_id) == ("here", "http://engine", "req-1")
    assert (record.model, record.response_model, record.operation, record.stream) == ("m", "real", "chat", True)
    assert (record.max_tokens, record.n, record.finish_reason) == (4, 1, "stop")
    assert (record.concurrency, record.context_tokens_in_flight) == (3, 77)
    assert (record.timestamp, record.client_id) == (1_700_000_000_000_000, None)


def test_the_record_has_the_hash_of_its_client() -> None:
    observation = dataclasses.replace(stream(frame("one"), FINISH).observe(), client_id="0123abcd")
    assert Recorder("here").measure(observation, None).record.client_id == "0123abcd"


def test_an_overlong_request_id_is_cut() -> None:
    observation = dataclasses.replace(stream(frame("one"), FINISH).observe(), request_id="x" * 1000)
    assert len(Recorder("here").measure(observation, None).record.request_id) == 128


def test_own_counts_are_beside_the_server_s_when_asked_for() -> None:
    script = stream(frame("one"), frame(" two"), FINISH, usage(9, 5))
    assert measure(script).own_input_tokens is None
    measurement = measure(script, beside=True)
    assert (measurement.own_input_tokens, measurement.own_output_tokens) == (3, 2)
    assert (measurement.record.input_tokens, measurement.record.output_tokens) == (9, 5)


def test_the_parts_of_the_prompt_are_recorded() -> None:
    messages = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hello to you"},
        {"role": "user", "content": "what is it"},
    ]
    request = {**REQUEST, "messages": messages, "tools": [{"name": "t"}]}
    record = measure(stream(frame("one"), FINISH, request=request)).record
    parts = (record.system_tokens, record.history_tokens, record.user_tokens, record.tool_tokens)
    assert parts == (2, 4, 3, 2)
    assert record.input_tokens == sum(parts)


LONG = {**REQUEST, "messages": [{"role": "user", "content": "word " * 1200}]}


def test_the_prefixes_of_a_prompt_are_recorded_where_its_ids_are_known() -> None:
    recorder = Recorder("here", prefixes=PrefixHashes(b"key"))
    blocks = measure(stream(frame("one"), FINISH, request=LONG), recorder).record.prefix_blocks
    assert blocks is not None
    assert len(blocks) == 2
    stated = stream(frame("one"), FINISH, usage(9, 5), request=LONG)
    assert measure(stated, recorder, beside=True).record.prefix_blocks == blocks
    assert measure(stated, recorder).record.prefix_blocks is None
    assert measure(stream(frame("one"), FINISH), recorder).record.prefix_blocks == ()


def test_without_ids_or_when_switched_off_there_are_no_prefixes() -> None:
    recorder = Recorder("here", prefixes=PrefixHashes(b"key"))
    script = stream(frame("one"), FINISH, request=LONG)
    assert measure(script, recorder, WordCounter(source="estimate")).record.prefix_blocks is None
    assert measure(script, Recorder("here")).record.prefix_blocks is None
    embeddings = dataclasses.replace(script.observe(), operation="embeddings")
    assert recorder.measure(embeddings, WordCounter()).record.prefix_blocks is None


def test_a_template_that_failed_is_told_among_what_could_not_be_read() -> None:
    class Failing(WordCounter):
        """Counts words without the template of its model."""

        def read(self, prompt: Prompt) -> Read:
            return dataclasses.replace(super().read(prompt), exact=False, ids=(), failure="template_failed")

    measurement = measure(stream(frame("one"), FINISH), counter=Failing())
    assert measurement.failures == ("template_failed",)
    assert (measurement.record.input_tokens, measurement.record.input_source) == (3, "estimate")


def test_what_could_not_be_read_is_told() -> None:
    measurement = measure(stream("{", frame("one"), FINISH))
    assert measurement.failures == ("event_malformed",)
    assert measurement.record.output_tokens == 1


def test_an_unreadable_request_is_recorded_with_what_is_known() -> None:
    record = measure(stream(frame("one"), FINISH, request=b"not json")).record
    assert (record.operation, record.model, record.input_tokens, record.input_source) == ("chat", None, None, None)
    assert (record.output_tokens, record.stream, record.ttft_us) == (1, True, 50_000)


def test_another_path_is_recorded_without_tokens() -> None:
    record = measure(Script([(52, b"[]")], b"", method="GET", target="/v1/models", headers=JSON)).record
    assert (record.operation, record.outcome, record.e2e_us) == ("other", "completed", 50_000)
    assert (record.input_tokens, record.output_tokens, record.output_source) == (None, None, None)


MARK = "xyzzyplugh"
PLACES = st.sampled_from(["content", "reasoning", "refusal", "tool", "error", "finish_reason", "tools", "user", "type"])


@given(PLACES, st.booleans())
def test_no_word_of_prompt_or_answer_is_in_a_measurement(place: str, streamed: bool) -> None:
    text = f"the word {MARK} is secret"
    call = {"function": {"name": MARK, "arguments": text}}
    message = {"tool_calls": [call]} if place == "tool" else {place: text}
    choice = {"index": 0, "finish_reason": text if place == "finish_reason" else "stop"}
    answer: dict[str, object] = {"choices": [{**choice, "delta": message, "message": message}]}
    if place in {"error", "type"}:
        answer = {"error": {"message": text, "type": text, "code": text}}
    request = {**REQUEST, "messages": [{"role": "user", "content": text}], "tools": [call], "user": text}
    body = sse(answer) if streamed else [str(answer).replace("'", '"').encode()]
    script = Script(paced(body), request, headers=None if streamed else JSON)
    assert MARK not in repr(measure(script, Recorder("here", "full")))


def test_a_measurement_has_the_trace_and_the_whole_time() -> None:
    headers = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
    measurement = measure(stream(frame("one"), FINISH, request_headers=headers, ended_ms=95))
    assert measurement.trace is not None
    assert measurement.trace.span_id == "00f067aa0ba902b7"
    assert measurement.record.trace_id == measurement.trace.trace_id
    assert measurement.duration_us == 72_000, "to the last body byte"
