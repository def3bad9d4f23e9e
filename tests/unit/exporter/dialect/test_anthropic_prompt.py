from exporter.dialect.anthropic_prompt import messages_prompt


def test_results_of_tools_are_no_user_turn() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "a tree"}
    prompt = messages_prompt(
        {"messages": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": [{"type": "tool_use"}]},
                      {"role": "user", "content": [result]}]}
    )  # fmt: skip
    assert [text for text in prompt.texts if text.text not in {"", "null"}] == [
        ("user", "hello"),
        ("history", "a tree"),
    ]
    assert prompt.chat is not None
    assert [message["role"] for message in prompt.chat.messages] == ["user", "assistant", "tool"]


def test_documents_and_search_results_have_text_and_pictures_have_none() -> None:
    content = [
        {"type": "document", "source": {"type": "text", "data": "one"}},
        {"type": "document", "source": {"type": "content", "content": [{"type": "text", "text": "two"}]}},
        {"type": "document", "source": {"type": "base64", "data": "AAAA"}},
        {"type": "search_result", "content": [{"type": "text", "text": "three"}]},
        {"type": "image", "source": {"type": "base64", "data": "AAAA"}},
    ]
    prompt = messages_prompt({"messages": [{"role": "user", "content": content}]})
    assert [text.text for text in prompt.texts] == ["one", "two", "three"]


def test_a_schema_is_input_and_a_tool_of_the_server_is_as_it_comes() -> None:
    config = {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"}
    prompt = messages_prompt({"tools": [{"type": "web_search_20250305", "name": "web"}], "output_config": config})
    assert [text.text for text in prompt.texts] == [
        '{"type": "web_search_20250305", "name": "web"}',
        '{"type": "object"}',
    ]
    assert prompt.chat is not None
    assert prompt.chat.arguments == {"reasoning_effort": "low"}


def test_an_empty_system_prompt_is_none() -> None:
    assert messages_prompt({"system": "", "messages": [{"role": "user", "content": "hi"}]}).texts == (("user", "hi"),)
