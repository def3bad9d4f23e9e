from exporter.dialect.base import Prompt, Text
from exporter.observe.echo import without_echo
from exporter.observe.observation import Content


def prompt(*texts: str, n: int = 1) -> Prompt:
    return Prompt("m", stream=True, texts=tuple(Text("user", text) for text in texts), n=n, echo=True)


def said(*texts: str) -> tuple[Content, ...]:
    return tuple(Content(at, 0, "answer", text) for at, text in enumerate(texts))


def left(contents: tuple[Content, ...], asked: Prompt) -> list[tuple[int, str]]:
    return [(content.at, content.text) for content in without_echo(contents, asked)]


def test_an_echoed_prompt_is_no_content() -> None:
    assert left(said("say ", "it now", " please"), prompt("say it")) == [(1, " now"), (2, " please")]


def test_an_answer_that_begins_like_the_prompt_without_repeating_it_is_left_whole() -> None:
    assert left(said("say ", "no"), prompt("say it")) == [(0, "say "), (1, "no")]
    assert left(said("say"), prompt("say it")) == [(0, "say")]


def test_an_answer_that_is_its_prompt_says_nothing() -> None:
    assert left(said("say ", "it"), prompt("say it")) == []


def test_each_of_several_prompts_is_echoed_in_its_own_completions() -> None:
    contents = tuple(Content(index, index, "answer", text) for index, text in enumerate(["a1", "a2", "b3", "x4"]))
    assert left(contents, prompt("a", "b", n=2)) == [(0, "1"), (1, "2"), (2, "3"), (3, "x4")]


def test_what_the_engine_counted_in_an_echo_goes_to_the_next_content() -> None:
    contents = (Content(1, 0, "answer", "say", 1), Content(2, 0, "answer", "x", 2), Content(3, 0, "answer", "y", 1))
    assert [content.tokens for content in without_echo(contents, prompt("say"))] == [3, 1]


def test_nothing_is_echoed_where_there_is_no_text_to_echo() -> None:
    assert left(said("a", "b"), prompt()) == [(0, "a"), (1, "b")]
