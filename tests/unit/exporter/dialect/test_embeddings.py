import json

import pytest

from exporter.dialect.base import Delta, Foreign, Prompt, Unreadable
from exporter.dialect.embeddings import Embeddings, Scores


def asked(dialect: Embeddings | Scores, request: object) -> Prompt:
    return dialect.prompt(json.dumps(request).encode(), "/")


def test_a_chat_can_be_embedded() -> None:
    prompt = asked(Embeddings(), {"model": "m", "messages": [{"role": "user", "content": "one"}]})
    assert (prompt.texts, prompt.messages, prompt.chat is not None) == ((("user", "one"),), 1, True)


@pytest.mark.parametrize("request_", [{}, {"inputs": "a"}, {"messages": []}])
def test_without_input_it_is_another_api(request_: object) -> None:
    with pytest.raises(Foreign):
        asked(Embeddings(), request_)


@pytest.mark.parametrize(
    ("sides", "texts"),
    [
        ({"text_1": "a", "text_2": ["b", "c"]}, "abac"),
        ({"queries": ["a"], "documents": ["b"]}, "ab"),
        ({"data_1": ["a", "b"], "data_2": ["c", "d"]}, "acbd"),
        ({"query": "a", "items": ["b"]}, "ab"),
        ({"query": "a", "texts": ["b", {"image": "AAAA"}]}, "aba"),
    ],
)
def test_the_sides_of_a_pair_have_many_names(sides: dict[str, object], texts: str) -> None:
    assert "".join(text.text for text in asked(Scores(), {"model": "m", **sides}).texts) == texts


def test_a_long_query_beside_many_documents_is_left_to_the_server_to_count() -> None:
    prompt = asked(Scores(), {"query": "a" * 10_000, "documents": ["b"] * 1000})
    assert (prompt.partial, prompt.texts) == (True, ())


@pytest.mark.parametrize("request_", [{}, {"query": "a"}, {"documents": ["a"]}, {"score": 3}])
def test_without_two_sides_it_is_another_api(request_: object) -> None:
    with pytest.raises(Foreign):
        asked(Scores(), request_)


@pytest.mark.parametrize("dialect", [Embeddings(), Scores()])
def test_an_error_has_no_output_and_what_is_no_answer_is_unreadable(dialect: Embeddings | Scores) -> None:
    assert dialect.answer(b'{"error": {"type": "bad"}}') == (Delta(error_type="bad"),)
    with pytest.raises(Unreadable):
        dialect.answer(b'{"detail": "Not Found"}')
