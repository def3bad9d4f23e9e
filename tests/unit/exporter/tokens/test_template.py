"""Chat templates make the text that the engine makes, within a sandbox and a time."""

from collections.abc import Iterator
from datetime import datetime
from itertools import count

import pytest

from exporter.dialect.base import Conversation
from exporter.tokens.template import ChatTemplate, Unrendered
from exporter.tokens.vocabulary import UnusableVocabulary
from tests.fakes.vocabularies import CHATML

USER = {"role": "user", "content": "hi"}


def render(
    source: str,
    *messages: dict[str, object],
    tools: list[object] | None = None,
    special: dict[str, str] | None = None,
    **arguments: object,
) -> str:
    chat = Conversation(list(messages) or [USER], tools or [], arguments)
    return ChatTemplate("m", {"default": source}, special or {}).render(chat)


def test_the_prompt_of_a_generation_is_asked_for() -> None:
    assert render(CHATML) == "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
    assert render(CHATML, add_generation_prompt=False) == "<|im_start|>user\nhi<|im_end|>\n"


def test_special_tokens_and_arguments_of_the_request_are_known() -> None:
    source = "{{ bos_token }}{% if not enable_thinking %}<off>{% endif %}{{ documents[0].text }}"
    special = {"bos_token": "<s>"}
    assert render(source, special=special, enable_thinking=False, documents=[{"text": "d"}]) == "<s><off>d"


def test_tools_are_written_as_transformers_writes_them() -> None:
    tool = {"name": "é", "parameters": {"a": "<b>"}}
    assert render("{{ tools[0] | tojson }}", tools=[tool]) == '{"name": "é", "parameters": {"a": "<b>"}}'
    assert render("{{ tools | tojson(indent=2) }}", tools=[1]) == "[\n  1\n]"
    assert render("{% if tools is none %}no tools{% endif %}") == "no tools"


def test_a_template_of_its_own_for_tools_is_taken_where_there_are_tools() -> None:
    template = ChatTemplate("m", {"default": "plain", "tool_use": "with tools"}, {})
    assert template.render(Conversation([USER], [], {})) == "plain"
    assert template.render(Conversation([USER], [{}], {})) == "with tools"


def test_blocks_take_their_line_with_them() -> None:
    assert render("a\n  {% if true %}\nb\n  {% endif %}\nc") == "a\nb\nc"


def test_loop_controls_dates_and_marks_of_generation_are_there() -> None:
    assert render("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}") == "01"
    assert render("{{ strftime_now('%Y') }}") == f"{datetime.now().astimezone():%Y}"
    assert render("a {%- generation -%} b {%- endgeneration %} c") == "ab c"


def test_a_template_that_goes_through_the_parts_of_a_message_gets_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": ""}]
    message: dict[str, object] = {"role": "user", "content": parts}
    looping = "{% for m in messages %}{% for c in m['content'] %}{{ c.type }} {% endfor %}{% endfor %}"
    assert render(looping, message) == "text image "
    assert render("{{ messages[0].content }}", message) == "a"


def test_an_answer_to_be_continued_ends_the_prompt() -> None:
    last: dict[str, object] = {"role": "assistant", "content": "once upon "}
    rendered = render(CHATML, USER, last, add_generation_prompt=False, continue_final_message=True)
    assert rendered.endswith("<|im_start|>assistant\nonce upon")


@pytest.mark.parametrize(
    "source",
    [
        "{{ raise_exception('roles must alternate') }}",
        "{{ messages[0].absent.deeper }}",
        "{{ 'text' + 5 }}",
        "{{ 1 / 0 }}",
        "{{ messages.append(1) }}",
        "{{ ''.__class__.__mro__ }}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ [1, 2] | map('absent') | list }}",
        "{% include 'file' %}",
        "{% for i in range(1000000) %}{% endfor %}",
    ],
)
def test_a_template_that_raises_says_so_in_one_word(source: str) -> None:
    with pytest.raises(Unrendered, match="template_failed"):
        render(source)


def ticking() -> Iterator[float]:
    return (number / 1000 for number in count())


@pytest.mark.parametrize(
    "source",
    [
        "{% set r = range(99999) %}{% for i in r %}{% for j in r %}{% endfor %}{% endfor %}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
    ],
)
def test_a_template_that_takes_too_long_is_stopped_and_not_tried_again_for_a_minute(source: str) -> None:
    readings, later = ticking(), 0.0
    template = ChatTemplate("m", {"default": source}, {}, longest_seconds=1.0, clock=lambda: next(readings) + later)
    for _ in range(2):
        with pytest.raises(Unrendered, match="template_too_slow"):
            template.render(Conversation([USER], [], {}))
    assert next(readings) < 1.1
    later = 60.0
    with pytest.raises(Unrendered, match="template_too_slow"):
        template.render(Conversation([USER], [], {}))
    assert next(readings) > 2.0


def test_a_request_cannot_replace_the_messages() -> None:
    assert render("{{ messages[0].content }}", messages=[{"content": "other"}], tools_in=1) == "hi"


def test_what_is_no_template_is_one_clear_sentence() -> None:
    with pytest.raises(UnusableVocabulary, match=r"chat template of m cannot be read \(.*\); mend it or remove it"):
        ChatTemplate("m", {"default": "{% for %}"}, {})
