"""Events that are alike mean the same as if each were read by itself."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.dialect import table
from exporter.dialect.base import Delta, Dialect
from exporter.dialect.openai import ChatCompletions, Completions
from exporter.observe.alike import _NUMBERS, Alike
from exporter.observe.answer import Answer
from exporter.observe.observation import Content

TARGETS = (
    "/v1/chat/completions",
    "/v1/completions",
    "/v1/responses",
    "/v1/messages",
    "/generate",
    "/generate_stream",
    "/v2/models/m/generate_stream",
)
DIALECTS = tuple({dialect.name: dialect for target in TARGETS for dialect in table.find("POST", target)}.values())


class Counted:
    """A dialect that remembers how many events it was asked to read."""

    open_ended = False
    name = operation = "chat"

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self.read = 0

    def delta(self, data: bytes) -> Delta:
        self.read += 1
        return self._dialect.delta(data)


def chunk(text: str | None, *, written: Callable[[object], str] = json.dumps, **more: object) -> bytes:
    event = {"id": "a", "model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return written(event | more).encode()


def heard(events: list[bytes], dialect: Dialect) -> Answer:
    answer = Answer(dialect)
    for at, event in enumerate(events):
        answer.event(event, at)
    return answer


def plainly(events: list[bytes], dialect: Dialect, monkeypatch: pytest.MonkeyPatch) -> Answer:
    with monkeypatch.context() as patched:
        patched.setattr(Alike, "learn", lambda *_: None)
        return heard(events, dialect)


def test_of_many_events_that_are_alike_a_few_are_read() -> None:
    counted = Counted(ChatCompletions())
    texts = ["one", " two", ' "three" ', "\n", "é", "\\u0041", "x" * 500] * 20
    answer = heard([chunk(text) for text in texts], counted)  # type: ignore[arg-type]  # all that an answer needs
    assert [content.text for content in answer.contents] == texts
    assert answer.model == "m"
    assert counted.read == 3, "the two that are compared, and what they would mean with another text"


def test_what_looks_alike_and_is_not_json_is_read_as_such() -> None:
    events = [chunk("a"), chunk("b"), chunk("c"), chunk("!").replace(b"!", b'"'), chunk("d")]
    answer = heard(events, ChatCompletions())
    assert [content.text for content in answer.contents] == ["a", "b", "c", "d"]
    assert answer.failures == ["event_malformed"]


def test_an_event_of_several_lines_is_read() -> None:
    events = [b"\n" + chunk(text) for text in ("a", "b", "c")]
    assert [content.text for content in heard(events, ChatCompletions()).contents] == ["a", "b", "c"]


def test_a_number_that_is_tried_is_none_that_is_there() -> None:
    choices = [[{"index": index, "text": "x"}] for index in (0, 1, 0, 4711, 0, 4711, 30103, 9973, 0, 5)]
    events = [json.dumps({"choices": each}).encode() for each in choices * 3]
    found = heard(events, Completions())
    assert [content.index for content in found.contents] == [each[0]["index"] for each in choices] * 3


def test_a_long_run_of_blanks_takes_no_longer_than_others() -> None:
    counted = Counted(ChatCompletions())
    texts = [chunk(text, pad=" " * 15_000) for text in ("a", "b", "c", "d")]
    heard(texts, counted)  # type: ignore[arg-type]  # all that an answer needs
    assert counted.read == 3
    assert len(_NUMBERS.split(b" " * 15_000 + b"1")) == 2
    assert _NUMBERS.pattern.startswith(b"(?<! ) *"), "or each blank of a run would begin the search again"


@pytest.mark.parametrize("text", ["id", "a", "m", "content"])
def test_a_text_that_stands_elsewhere_in_the_event_too_is_told_from_it(text: str) -> None:
    texts = [text, text, "x", "", text, "yy"]
    answer = heard([chunk(each) for each in texts], ChatCompletions())
    assert [content.text for content in answer.contents] == [each for each in texts if each]


def test_numbers_may_be_others_before_the_text_and_behind_it() -> None:
    numbered = [
        {"n": number, "choices": [{"index": 0, "delta": {"content": f"{number} {number}"}}]}
        for number in (9, 10, 99, 100)
    ]
    numbered = [event | {"logprob": -number / 7, "at": 1e-9 * number} for number, event in enumerate(numbered)]
    counted = Counted(ChatCompletions())
    answer = heard([json.dumps(event).encode() for event in numbered], counted)  # type: ignore[arg-type]  # as above
    assert [content.text for content in answer.contents] == ["9 9", "10 10", "99 99", "100 100"]
    assert counted.read == 3


def test_a_number_that_means_something_is_read() -> None:
    events = [chunk("a", usage={"prompt_tokens": 9, "completion_tokens": number}) for number in range(1, 20)]
    answer = heard(events, ChatCompletions())
    assert [content.tokens for content in answer.contents] == [1] * 19
    indexes = [number % 2 for number in range(20)]
    said = [second("x") | {"choices": [{"index": index, "delta": {"content": "x"}}]} for index in indexes]
    answer = heard([json.dumps(event).encode() for event in said], ChatCompletions())
    assert [content.index for content in answer.contents] == indexes


def test_events_that_differ_in_words_are_read_each() -> None:
    events = [chunk("a", obfuscation="x" * (number % 7)) for number in range(300)]
    counted = Counted(ChatCompletions())
    assert len(heard(events, counted).contents) == 300  # type: ignore[arg-type]  # all that an answer needs
    assert counted.read < 320, "and what is tried in vain is tried less and less often"


def test_the_end_of_an_answer_is_not_missed() -> None:
    last = chunk("", usage={"prompt_tokens": 9, "completion_tokens": 3})
    answer = heard([chunk("a"), chunk("b"), chunk("c"), last, b"[DONE]"], ChatCompletions())
    usage = answer.usage(1)
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens, answer.done) == (9, 3, True)


def openai_chat(text: str) -> object:
    return {"id": "i", "model": "m", "choices": [{"index": 0, "delta": {"content": text}}]}


def reasoning(text: str) -> object:
    return {"id": len(text), "model": "m", "choices": [{"index": 0, "delta": {"reasoning_content": text}}]}


def twice(text: str) -> object:
    return {"choices": [{"index": 0, "delta": {"reasoning": text, "reasoning_content": text}}]}


def second(text: str) -> dict[str, object]:
    return {"id": "i", "model": "m", "choices": [{"index": 1, "delta": {"content": text}}]}


def call(text: str) -> object:
    return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": text}}]}}]}


def ids(text: str) -> object:
    return {"choices": [{"index": 0, "delta": {"content": text}, "token_ids": [1, 2]}]}


def completion(text: str) -> object:
    return {"model": "m", "choices": [{"index": 0, "text": text}]}


def ended(text: str) -> object:
    return {"model": "m", "choices": [{"index": 0, "text": text, "delta": {"content": text}, "finish_reason": "stop"}]}


def response(text: str) -> object:
    return {
        "type": "response.output_text.delta",
        "output_index": 0,
        "content_index": 0,
        "delta": text,
        "sequence_number": len(text),
    }


def message(text: str) -> object:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def tgi(text: str) -> object:
    return {
        "index": len(text),
        "token": {"id": 5, "text": text, "logprob": -1 / (1 + len(text)), "special": False},
        "generated_text": None,
    }


def triton(text: str) -> object:
    return {"model_name": "m", "model_version": "1", "text_output": text}


def sglang(text: str) -> object:
    return {"text": text, "meta_info": {"id": "a"}}


FORMS = (
    openai_chat, reasoning, twice, second, call, ids, completion, ended, response, message, tgi, triton, sglang,
)  # fmt: skip
TEXTS = st.sampled_from(["a", "m", "i", "text", "", " ", '"', "\\", "\n", "é", "😀", "\ud800", "ha", "haha"])
SAID = st.lists(st.tuples(st.sampled_from(range(3)), TEXTS | st.text(max_size=5)), max_size=40)


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@given(st.lists(st.sampled_from(FORMS), min_size=3, max_size=3), SAID, st.booleans())
def test_whatever_the_api_an_answer_is_what_it_would_be_if_each_event_were_read(
    dialect: Dialect, forms: list[Callable[[str], object]], said: list[tuple[int, str]], ascii_only: bool
) -> None:
    events = [
        json.dumps(forms[form](text), ensure_ascii=ascii_only).encode(errors="surrogatepass") for form, text in said
    ]
    with pytest.MonkeyPatch.context() as monkeypatch:
        expected = plainly(events, dialect, monkeypatch)
    found = heard(events, dialect)

    def told(answer: Answer) -> tuple[list[Content], object]:
        facts = (answer.usage(1), answer.output_ids, answer.model, answer.finish_reason, answer.done, answer.failures)
        return answer.contents, facts

    assert told(found) == told(expected)
