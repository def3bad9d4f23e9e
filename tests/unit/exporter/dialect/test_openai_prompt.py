import pytest

from exporter.dialect.openai_prompt import chat_prompt, completions_prompt


def test_messages_are_texts_or_parts_of_which_images_and_audio_have_no_text() -> None:
    prompt = chat_prompt(
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "What is this?"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
                        "and this?",
                    ],
                },
                {"role": "assistant", "content": None},
            ],
        }
    )
    assert prompt.texts == (("system", "Be brief."), ("user", "What is this?"), ("user", "and this?"))
    assert prompt.messages == 3


def test_tool_calls_of_earlier_turns_and_their_results_are_input() -> None:
    prompt = chat_prompt(
        {
            "messages": [
                {"role": "assistant", "tool_calls": [{"function": {"name": "look", "arguments": '{"at":1}'}}]},
                {"role": "tool", "content": "a tree", "tool_call_id": "1"},
                {"role": "assistant", "tool_calls": [{"type": "custom", "custom": {"name": "run", "input": "ls"}}]},
                {"role": "assistant", "function_call": {"name": "old", "arguments": "{}"}},
            ]
        }
    )
    assert [text for _, text in prompt.texts] == ["look", '{"at":1}', "a tree", "run", "ls", "old", "{}"]
    assert {part for part, _ in prompt.texts} == {"history"}


def test_tools_and_a_json_schema_are_input() -> None:
    tool = {"type": "function", "function": {"name": "look"}}
    schema = {"name": "s", "schema": {"type": "object"}}
    prompt = chat_prompt(
        {"messages": [], "tools": [tool], "response_format": {"type": "json_schema", "json_schema": schema}}
    )
    assert prompt.texts == (
        ("tools", '{"type": "function", "function": {"name": "look"}}'),
        ("tools", '{"name": "s", "schema": {"type": "object"}}'),
    )


def test_a_response_format_without_a_schema_adds_no_text() -> None:
    assert chat_prompt({"messages": [], "response_format": {"type": "json_object"}}).texts == ()


@pytest.mark.parametrize(
    ("asked", "limit"),
    [
        ({}, None),
        ({"max_tokens": None}, None),
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 7, "max_tokens": 5}, 7),
        ({"max_completion_tokens": None, "max_tokens": 5}, 5),
        ({"max_tokens": -1}, None),
        ({"max_tokens": "5"}, None),
    ],
)
def test_the_output_limit_has_two_names_and_may_be_null(asked: dict[str, object], limit: int | None) -> None:
    assert chat_prompt({"messages": [], **asked}).max_tokens == limit


@pytest.mark.parametrize(
    ("asked", "stream"),
    [({}, False), ({"stream": None}, False), ({"stream": True}, True), ({"stream": 1}, False)],
)
def test_a_stream_is_asked_for_with_true(asked: dict[str, object], stream: bool) -> None:
    assert chat_prompt({"messages": [], **asked}).stream is stream


def test_the_number_of_completions_is_kept_and_the_prompt_is_there_once() -> None:
    prompt = chat_prompt({"messages": [{"role": "user", "content": "hi"}], "n": 3})
    assert (prompt.n, prompt.texts) == (3, (("user", "hi"),))


@pytest.mark.parametrize(
    ("given", "texts", "ids"),
    [
        ("one", ("one",), 0),
        (["one", "two"], ("one", "two"), 0),
        ([1, 2, 3], (), 3),
        ([[1, 2], [3]], (), 3),
        ("", ("",), 0),
        (None, (), 0),
        ([True, None, 1.5], (), 0),
    ],
)
def test_a_completions_prompt_is_a_text_or_texts_or_token_ids(given: object, texts: tuple[str, ...], ids: int) -> None:
    prompt = completions_prompt({"model": "m", "prompt": given, "max_tokens": 4})
    assert (prompt.texts, prompt.token_ids, prompt.max_tokens) == (tuple(("user", text) for text in texts), ids, 4)
    assert prompt.chat is None


def test_a_suffix_is_input_and_an_echo_is_remembered() -> None:
    prompt = completions_prompt({"prompt": "def f", "suffix": "return", "echo": True})
    assert prompt.texts == (("user", "def f"), ("user", "return"))
    assert prompt.echo


def test_the_conversation_is_there_for_a_chat_template_without_the_data_of_images() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    words = {"type": "text", "text": "What is this?"}
    tool = {"type": "function", "function": {"name": "look"}}
    chat = chat_prompt(
        {
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": [words, picture]}],
            "tools": [tool],
            "functions": [{"name": "old"}],
            "chat_template_kwargs": {"enable_thinking": False},
            "add_generation_prompt": False,
            "documents": None,
        }
    ).chat
    assert chat is not None
    assert chat.messages == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [words, {"type": "image_url", "image_url": ""}]},
    ]
    assert chat.tools == [tool]
    assert chat.arguments == {"add_generation_prompt": False, "enable_thinking": False}
