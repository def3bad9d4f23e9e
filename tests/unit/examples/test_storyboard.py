"""What the scripted engine will write, and when, follows from the request alone."""

import gzip
import json
import zlib
from typing import Any

import pytest
from scripted_engine.frames import answer_id
from scripted_engine.script import UnusableRequest, parse_script, understand
from scripted_engine.storyboard import Kind, Step, storyboard

from exporter.tokens import vocabulary

CHAT = "/v1/chat/completions"
MS = 1_000_000


def steps(path: str = CHAT, options: dict[str, object] | None = None, **script: object) -> list[Step]:
    body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "arrow"}], "prompt": "arrow"}
    raw = json.dumps(body | (options or {}) | {"x_script": script}).encode()
    return list(storyboard(understand(path, raw, None), answer_id(raw)))


def wire(told: list[Step]) -> bytes:
    return b"".join(step.data for step in told)


def body_of(told: list[Step]) -> bytes:
    """The body of a chunked answer, put together again."""
    rest = wire(told).partition(b"\r\n\r\n")[2]
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def events(told: list[Step]) -> list[dict[str, Any]]:
    lines = body_of(told).replace(b"\r\n", b"\n").split(b"\n\n")
    return [json.loads(line[6:]) for line in lines if line.startswith(b"data: {")]


def texts(told: list[Step], key: str) -> list[str]:
    choices = [choice for event in events(told) for choice in event["choices"]]
    return [choice["delta"][key] for choice in choices if choice["delta"].get(key)]


def test_content_is_due_at_the_first_delay_plus_whole_multiples_of_the_second() -> None:
    told = [step for step in steps(ttft_ms=50, itl_ms=20, tokens=4) if step.kind is Kind.CONTENT]
    assert [step.due_ns for step in told] == [50 * MS, 70 * MS, 90 * MS, 110 * MS]
    assert [step.tokens for step in told] == [1, 1, 1, 1]


def test_several_tokens_in_an_event_leave_fewer_events() -> None:
    assert [step.tokens for step in steps(tokens=7, tokens_per_chunk=3) if step.tokens] == [3, 3, 1]


def test_the_role_can_come_before_the_first_content() -> None:
    first, second = steps(ttft_ms=50, role_ms=5)[:2]
    assert (first.due_ns, second.due_ns) == (5 * MS, 50 * MS)
    assert b'"role":"assistant"' in first.data


@pytest.mark.parametrize("options", [{}, {"n": 3}])
def test_usage_says_how_many_tokens_the_joined_text_really_has(options: dict[str, object]) -> None:
    told = steps(options=options, tokens=40, usage="always", reasoning_tokens=15)
    usage = events(told)[-1]["usage"]
    encoding = vocabulary.load("o200k_base")
    choices = [choice for event in events(told) for choice in event["choices"]]
    counted = 0
    for index in {choice["index"] for choice in choices}:
        for key in ("content", "reasoning_content"):
            text = "".join(c["delta"].get(key) or "" for c in choices if c["index"] == index)
            counted += len(encoding.encode(text))
    assert usage["completion_tokens"] == counted == 40 * options.get("n", 1)  # type: ignore[operator]  # n is a number
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 15 * options.get("n", 1)  # type: ignore[operator]  # as above
    assert usage["prompt_tokens"] == 1


def test_usage_comes_only_when_it_is_asked_for_unless_the_script_says_otherwise() -> None:
    asked = {"stream_options": {"include_usage": True}}
    assert "usage" in events(steps(options=asked))[-1]
    assert "usage" not in events(steps())[-1]
    assert "usage" not in events(steps(options=asked, usage="never"))[-1]
    running = [event["usage"]["completion_tokens"] for event in events(steps(tokens=3, usage="continuous"))]
    assert running == [0, 1, 2, 3, 3]


def test_an_answer_of_a_tool_call_names_the_tool_once() -> None:
    calls = texts(steps(tokens=3, tool_call=True), "tool_calls")
    assert [call[0].get("id") for call in calls] == ["call_0", None, None]  # type: ignore[attr-defined]  # a list of calls


def test_text_completions_have_no_role() -> None:
    assert {choice["text"] != "" for event in events(steps("/v1/completions")) for choice in event["choices"]} == {True}


def test_the_reason_stands_in_the_last_content_or_apart() -> None:
    def reasons(finish: str) -> list[str | None]:
        return [event["choices"][0]["finish_reason"] for event in events(steps(tokens=2, finish=finish))]

    assert reasons("last") == [None, None, "length"]
    assert reasons("apart") == [None, None, None, "length"]


def test_line_ends_pings_and_the_end_mark_follow_the_script() -> None:
    body = body_of(steps(tokens=4, newline="\r\n", ping_every=2, done=False))
    assert body.count(b": ping\r\n\r\n") == 2
    assert b"[DONE]" not in body
    assert body.endswith(b"}\r\n\r\n")
    assert body_of(steps()).endswith(b"data: [DONE]\n\n")


def test_a_break_ends_the_answer_after_so_many_events() -> None:
    told = steps(tokens=5, break_after=2, break_with="rst")
    assert [step.kind for step in told] == [Kind.OTHER, Kind.CONTENT, Kind.CONTENT, Kind.RST]
    assert steps(tokens=2, break_after=2)[-1] == Step(70 * MS, b"", Kind.FIN)


def test_a_break_can_come_before_and_inside_the_head() -> None:
    assert wire(steps(break_after="nothing")) == b""
    half = wire(steps(break_after="half_head"))
    assert half.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\n\r\n" not in half


def test_a_hanging_answer_says_no_more() -> None:
    assert [step.kind for step in steps(hang_after="nothing")] == [Kind.HANG]
    assert [step.kind for step in steps(hang_after=1)] == [Kind.OTHER, Kind.CONTENT, Kind.HANG]


def test_an_error_object_can_end_a_stream_under_status_200() -> None:
    assert events(steps(error_after=1))[-1]["error"]["code"] == 500


def test_broken_events_are_broken() -> None:
    body = body_of(steps(tokens=2, garble_after=1, garble="json"))
    with pytest.raises(json.JSONDecodeError):
        json.loads(body.split(b"\n\n")[2][6:])
    assert b"not an event" in body_of(steps(tokens=2, garble_after=1, garble="sse"))


def test_compressed_answers_are_the_plain_ones_compressed() -> None:
    def plain(told: list[Step]) -> bytes:
        return zlib.decompress(body_of(told), wbits=31)

    assert plain(steps(gzip=True)).count(b"data: ") == body_of(steps()).count(b"data: ")
    whole = steps(options={"stream": False}, gzip=True)
    assert json.loads(gzip.decompress(wire(whole).partition(b"\r\n\r\n")[2]))["usage"]["completion_tokens"] == 30


def test_an_answer_without_a_stream_is_due_when_its_last_token_would_be() -> None:
    (told,) = steps(options={"stream": False, "max_tokens": 11}, ttft_ms=100, itl_ms=10)
    assert (told.due_ns, told.kind, told.tokens) == (200 * MS, Kind.WHOLE, 11)
    head, _, body = told.data.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["usage"] == {"prompt_tokens": 1, "total_tokens": 12, "completion_tokens": 11}


def test_a_status_is_answered_with_an_error_object() -> None:
    (told,) = steps(status=503)
    assert told.data.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert json.loads(told.data.partition(b"\r\n\r\n")[2])["error"]["code"] == 503


def test_the_same_request_gets_the_same_bytes() -> None:
    assert wire(steps(tokens=5)) == wire(steps(tokens=5))


@pytest.mark.parametrize(
    ("script", "named"),
    [(b"{", "script"), (b'{"ttft": 5}', "ttft"), (b'{"tokens": 0}', "tokens"), (b'{"usage": "maybe"}', "usage")],
)
def test_a_script_that_cannot_be_followed_is_refused_by_name(script: bytes, named: str) -> None:
    with pytest.raises(UnusableRequest, match=named):
        parse_script(script)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"max_tokens": "many"}', b'{"n": 0}'])
def test_a_body_that_cannot_be_understood_is_refused(body: bytes) -> None:
    with pytest.raises(UnusableRequest):
        understand(CHAT, body, None)
