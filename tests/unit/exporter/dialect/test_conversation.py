from exporter.dialect.conversation import conversation, definition_texts, message_texts

PICTURE: dict[str, object] = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def test_texts_come_in_order_with_their_parts() -> None:
    messages: list[dict[str, object]] = [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": [{"type": "text", "text": "one"}, PICTURE, "two"]},
        {"role": "tool", "content": "a tree"},
    ]
    assert message_texts(messages) == [("system", "be brief"), ("user", "one"), ("user", "two"), ("history", "a tree")]


def test_definitions_that_are_not_there_have_no_text() -> None:
    assert definition_texts({"name": "look"}, None, {}) == [("tools", '{"name": "look"}')]


def test_a_chat_has_what_its_template_needs_and_no_data_of_pictures() -> None:
    request = {
        "documents": [{"text": "d"}],
        "reasoning_effort": None,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    chat = conversation(request, [{"role": "user", "content": [PICTURE]}], [{"name": "look"}])
    assert chat.messages == [{"role": "user", "content": [{"type": "image_url", "image_url": ""}]}]
    assert chat.tools == [{"name": "look"}]
    assert chat.arguments == {"documents": [{"text": "d"}], "enable_thinking": False}
