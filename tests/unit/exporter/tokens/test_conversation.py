"""Messages reach a template as vLLM hands them over."""

from exporter.tokens.conversation import for_template


def one(message: dict[str, object], *, parts: bool = False) -> dict[str, object]:
    return for_template([message], parts=parts)[0]


def test_parts_become_one_text_with_newlines_between() -> None:
    content = [{"type": "text", "text": "a"}, "b", {"type": "image_url", "image_url": ""}, {"refusal": "no"}]
    assert one({"role": "user", "content": content}) == {"role": "user", "content": "a\nb\nno"}


def test_a_template_that_goes_through_the_parts_gets_them_as_a_list() -> None:
    content = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": ""}, {"type": "input_audio"}]
    listed = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "audio"}]
    assert one({"role": "user", "content": content}, parts=True)["content"] == listed
    assert one({"role": "user", "content": "b"}, parts=True)["content"] == [{"type": "text", "text": "b"}]


def test_what_a_tool_answered_is_text_even_then() -> None:
    message = {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "42"}]}
    assert one(message, parts=True) == {"role": "tool", "tool_call_id": "1", "content": "42"}


def test_a_message_without_content_has_an_empty_one() -> None:
    assert one({"role": "assistant", "content": None}) == {"role": "assistant", "content": ""}


def test_arguments_of_tool_calls_are_objects() -> None:
    def called(arguments: object) -> object:
        calls = [{"id": "1", "function": {"name": "f", "arguments": arguments}}]
        return one({"role": "assistant", "tool_calls": calls})["tool_calls"]

    assert called('{"a": 1}') == [{"id": "1", "function": {"name": "f", "arguments": {"a": 1}}}]
    for unusable in ("", "{", "5", None, "[" * 100_000):
        assert called(unusable) == [{"id": "1", "function": {"name": "f", "arguments": {}}}]


def test_reasoning_is_there_under_both_of_its_names() -> None:
    for key in ("reasoning", "reasoning_content"):
        prepared = one({"role": "assistant", "content": "a", key: "hm"})
        assert (prepared["reasoning"], prepared["reasoning_content"]) == ("hm", "hm")
    assert "reasoning" not in one({"role": "user", "content": "a", "reasoning": "hm"})


def test_what_no_template_knows_is_left_out() -> None:
    assert one({"role": "user", "content": "a", "name": "n", "cache_control": {}}) == {
        "role": "user",
        "content": "a",
        "name": "n",
    }
