import json

import pytest

from exporter.dialect.base import Prompt
from exporter.dialect.openai import ChatCompletions
from exporter.observe.answer import Answer
from exporter.observe.outcome import ending
from exporter.wire.events import Aborted

CLIENT = Aborted("client", "reset")
UPSTREAM = Aborted("upstream", "timeout")
ONE = Prompt("m", stream=True)
TWO = Prompt("m", stream=True, n=2)


def said(*, finish: bool = False, done: bool = False, error: bool = False, broken: bool = False) -> Answer:
    answer = Answer(ChatCompletions())
    answer.event(b'{"choices":[{"index":0,"delta":{"content":"a"}}]}', 1)
    if finish:
        answer.event(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', 2)
    if error:
        answer.event(json.dumps({"error": {"type": "overloaded"}}).encode(), 3)
    if broken:
        answer.event(b"{", 3)
    if done:
        answer.event(b"[DONE]", 4)
    return answer


@pytest.mark.parametrize(
    ("status", "aborted", "answer", "prompt", "outcome", "error_type"),
    [
        (200, None, said(finish=True, done=True), ONE, "completed", None),
        (200, None, said(finish=True), ONE, "completed", None),
        (200, None, said(done=True), ONE, "completed", None),
        (200, None, said(), ONE, "mid_stream_error", "incomplete_stream"),
        (200, None, said(broken=True), ONE, "completed", None),
        (200, None, None, None, "completed", None),
        (None, CLIENT, None, ONE, "client_disconnect", "reset"),
        (200, CLIENT, said(), ONE, "client_disconnect", "reset"),
        (200, CLIENT, said(done=True), ONE, "completed", None),
        (200, CLIENT, said(finish=True), ONE, "completed", None),
        (200, CLIENT, said(finish=True), TWO, "client_disconnect", "reset"),
        (None, UPSTREAM, None, ONE, "upstream_error", "timeout"),
        (200, UPSTREAM, said(), ONE, "mid_stream_error", "timeout"),
        (200, UPSTREAM, said(finish=True), ONE, "mid_stream_error", "timeout"),
        (200, UPSTREAM, said(done=True), ONE, "completed", None),
        (200, None, said(error=True), ONE, "mid_stream_error", "overloaded"),
        (200, CLIENT, said(error=True), ONE, "mid_stream_error", "overloaded"),
        (400, None, None, ONE, "refused", "400"),
        (400, None, said(error=True), ONE, "refused", "overloaded"),
        (503, None, None, ONE, "upstream_error", "503"),
        (None, None, None, ONE, "upstream_error", "no_answer"),
    ],
)
def test_how_a_stream_ended(
    status: int | None,
    aborted: Aborted | None,
    answer: Answer | None,
    prompt: Prompt | None,
    outcome: str,
    error_type: str | None,
) -> None:
    assert ending(status, aborted, answer, prompt, streamed=True) == (outcome, error_type)


def test_an_error_in_place_of_a_whole_answer_is_the_engine_s() -> None:
    assert ending(200, None, said(error=True), ONE, streamed=False) == ("upstream_error", "overloaded")
