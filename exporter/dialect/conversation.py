"""The texts of a chat, and the chat as its template takes it, from messages in the OpenAI form."""

from collections.abc import Iterator
from typing import Final

from exporter.dialect.base import Conversation, Text
from exporter.dialect.reading import Fields, dump, fields, items
from exporter.dialect.turns import parts

_FOR_TEMPLATES: Final = ("add_generation_prompt", "continue_final_message", "documents", "reasoning_effort")


def message_texts(messages: list[Fields]) -> list[Text]:
    """The pieces of text in the messages, in order, each with its part."""
    return [
        Text(part, written)
        for part, message in zip(parts(messages), messages, strict=True)
        for written in _written(message)
    ]


def definition_texts(*definitions: object) -> list[Text]:
    """Definitions of tools and schemas as the JSON that a template shows to the model; absent ones are left out."""
    return [Text("tools", dump(definition)) for definition in definitions if definition]


def conversation(request: Fields, messages: list[Fields], tools: list[object]) -> Conversation:
    """The chat for a template; `request` is where its other arguments are."""
    arguments = {key: request[key] for key in _FOR_TEMPLATES if request.get(key) is not None}
    arguments.update(fields(request.get("chat_template_kwargs")))
    return Conversation([_without_data(message) for message in messages], tools, arguments)


def _written(message: Fields) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in items(content):
        # Images and audio are parts without text; their tokens are the engine's secret.
        written = part if isinstance(part, str) else fields(part).get("text") or fields(part).get("refusal")
        if isinstance(written, str):
            yield written
    calls = [call.get("function") or call.get("custom") for call in map(fields, items(message.get("tool_calls")))]
    for function in (*calls, message.get("function_call")):
        for key in ("name", "arguments", "input"):
            written = fields(function).get(key)
            if isinstance(written, str):
                yield written


def _without_data(message: Fields) -> Fields:
    """The message less the data of images and audio, which may be megabytes for as long as the answer takes."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    return {**message, "content": [_slim(part) if isinstance(part, dict) else part for part in content]}


def _slim(part: Fields) -> Fields:
    if isinstance(part.get("text"), str):
        return part
    return {key: value if key == "type" else "" for key, value in part.items()}
