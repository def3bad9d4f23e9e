import pytest

from exporter.dialect.responses_prompt import responses_prompt


def test_a_text_is_what_the_user_says() -> None:
    prompt = responses_prompt({"model": "m", "input": "say it", "stream": True})
    assert (prompt.model, prompt.stream, prompt.texts) == ("m", True, (("user", "say it"),))


def test_items_become_the_messages_of_a_chat() -> None:
    """Calls that follow each other are one turn; thoughts and items of tools at the server are not told again."""
    calls = [{"type": "function_call", "call_id": f"c{i}", "name": "look", "arguments": "{}"} for i in (1, 2)]
    prompt = responses_prompt(
        {
            "instructions": "be brief",
            "input": [
                {"role": "user", "content": "hello"},
                {"type": "reasoning", "summary": [{"text": "hm"}]},
                *calls,
                {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "a tree"}]},
                {"type": "web_search_call", "id": "w"},
            ],
            "reasoning": {"effort": "low"},
        }
    )
    assert prompt.chat is not None
    assert prompt.chat.arguments == {"reasoning_effort": "low"}
    function = {"name": "look", "arguments": "{}"}
    assert prompt.chat.messages == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"c{i}", "type": "function", "function": function} for i in (1, 2)],
        },
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "a tree"}]},
    ]


@pytest.mark.parametrize(
    "kept",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": {"id": "conv_1"}},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "m"}]},
    ],
)
def test_input_that_the_engine_keeps_makes_a_prompt_partial(kept: dict[str, object]) -> None:
    assert responses_prompt({"input": "say it", **kept}).partial
    assert not responses_prompt({"input": "say it", "previous_response_id": None}).partial


def test_a_function_is_a_tool_in_the_form_of_chats_and_others_are_as_they_come() -> None:
    prompt = responses_prompt({"tools": [{"type": "function", "name": "look"}, {"type": "web_search"}]})
    assert prompt.chat is not None
    assert prompt.chat.tools == [{"type": "function", "function": {"name": "look"}}, {"type": "web_search"}]
