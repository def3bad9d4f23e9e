"""A prompt counts as the template makes it, and as bare text where that fails."""

import pytest

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.tokens.hugging_face import HuggingFaceCounter
from exporter.tokens.template import ChatTemplate
from exporter.tokens.templated import Templated, places
from tests.fakes.vocabularies import CHATML, chat_bpe

SYSTEM: dict[str, object] = {"role": "system", "content": "the quick brown fox"}
USER: dict[str, object] = {"role": "user", "content": " jumps over "}
TEXTS = (Text("system", "the quick brown fox"), Text("user", " jumps over "))
PROMPT = Prompt("m", stream=False, texts=TEXTS, messages=2, chat=Conversation([SYSTEM, USER], [], {}))


def templated(source: str = CHATML, exact_up_to: int = 100_000) -> tuple[Templated, list[str]]:
    said: list[str] = []
    template = ChatTemplate("m", {"default": source}, {})
    return Templated(HuggingFaceCounter(chat_bpe(), "chat", exact_up_to), template, said.append), said


def test_the_count_is_that_of_the_whole_prompt_and_special_tokens_stand_in_it_once() -> None:
    counter, said = templated()
    read = counter.read(PROMPT)
    rendered = (
        "<|im_start|>system\nthe quick brown fox<|im_end|>\n<|im_start|>user\n jumps over <|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    whole = chat_bpe().encode(rendered, add_special_tokens=False).ids
    assert (read.tokens, read.exact, said) == (len(whole), True, [])
    assert [ids.tolist() for ids in read.ids] == [whole]


def test_each_text_has_the_tokens_that_end_in_it() -> None:
    counter, _ = templated()
    assert counter.read(PROMPT).of_each == (4, counter.count(" jumps over "))


def test_a_text_that_the_template_has_changed_is_counted_as_it_was_sent() -> None:
    counter, _ = templated("{{ messages[1].content }}")
    assert counter.read(PROMPT).of_each == (4, counter.count(" jumps over "))


@pytest.mark.parametrize("source", ["{{ raise_exception('no') }}", "{{ messages[9].content + 'x' }}"])
def test_where_the_template_fails_the_bare_texts_are_counted_and_marked_and_it_is_said_once(source: str) -> None:
    counter, said = templated(source)
    for _ in range(3):
        read = counter.read(PROMPT)
        assert (read.tokens, read.of_each) == (4 + counter.count(" jumps over "), (4, counter.count(" jumps over ")))
        assert (read.exact, read.ids, read.failure) == (False, (), "template_failed")
    assert len(said) == 1
    assert said[0].startswith("The chat template of chat cannot be used (template_failed)")


def test_what_is_no_chat_needs_no_template() -> None:
    counter, _ = templated("{{ raise_exception('no') }}")
    read = counter.read(Prompt("m", stream=False, texts=(Text("user", "the"),)))
    assert (read.tokens, read.exact) == (2, True)


def test_a_prompt_that_the_template_makes_too_long_is_not_exact() -> None:
    counter, _ = templated(exact_up_to=60)
    read = counter.read(PROMPT)
    assert (read.exact, read.ids, read.failure) == (False, (), None)


def test_places_do_not_overlap_and_strip_what_templates_strip() -> None:
    texts = [Text("user", "ab"), Text("user", " b "), Text("user", ""), Text("user", "absent"), Text("tools", "t")]
    assert places("t|ab|b|", texts) == [(2, 4), (5, 6), (6, 6), None, (0, 1)]
    assert places("< b >", texts[1:2]) == [(1, 4)]
    assert places("ab", [Text("user", "ab"), Text("user", "b")]) == [(0, 2), None]
    assert places("b ab", [Text("user", "ab"), Text("user", "b")]) == [(2, 4), (0, 1)]


def test_a_prompt_of_many_texts_that_are_not_there_takes_no_time() -> None:
    texts = [Text("user", f"absent {number}") for number in range(20_000)]
    assert not any(places("x" * 100_000, texts[:5000]))


def test_lone_surrogates_are_counted() -> None:
    counter, _ = templated()
    message: dict[str, object] = {"role": "user", "content": "\ud800the"}
    read = counter.read(
        Prompt("m", stream=False, texts=(Text("user", "\ud800the"),), messages=1, chat=Conversation([message], [], {}))
    )
    assert read.exact
    assert read.of_each == (counter.count("\ud800the"),)


def test_finding_many_texts_costs_no_more_for_each_than_for_one() -> None:
    assert places("a\n" * 100_000, [Text("user", "a")] * 100_000)[-1] == (199_998, 199_999)
    behind = [Text("user", "z"), *[Text("user", "y")] * 20_000]
    assert places("x" * 200_000 + "yz", behind)[:2] == [(200_001, 200_002), (200_000, 200_001)]
