"""What an OpenAI-form request asks for, and the pieces of text that its input is made of."""

from collections.abc import Iterator
from typing import Final

from exporter.dialect.base import Conversation, Prompt, Text
from exporter.dialect.reading import Fields, dump, fields, items, name, number, text
from exporter.dialect.turns import parts

_FOR_TEMPLATES: Final = ("add_generation_prompt", "continue_final_message", "documents", "reasoning_effort")


def chat_prompt(request: Fields) -> Prompt:
    """The prompt of a chat request: its messages in order, then tools and schema."""
    messages = [fields(message) for message in items(request.get("messages"))]
    texts = [
        Text(part, written)
        for part, message in zip(parts(messages), messages, strict=True)
        for written in _message_texts(message)
    ]
    tools = [*items(request.get("tools")), *items(request.get("functions"))]
    texts += [Text("tools", dump(tool)) for tool in tools]
    schema = fields(request.get("response_format")).get("json_schema")
    if schema:
        texts.append(Text("tools", dump(schema)))
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=tuple(texts),
        messages=len(messages),
        max_tokens=_first_number(request, "max_completion_tokens", "max_tokens"),
        n=number(request.get("n")),
        chat=_conversation(request, messages),
    )


def completions_prompt(request: Fields) -> Prompt:
    """The prompt of a completions request; token ids are only counted."""
    texts: list[str] = []
    ids = _completion_input(request.get("prompt"), texts)
    suffix = text(request.get("suffix"))
    if suffix:
        texts.append(suffix)
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=tuple(Text("user", written) for written in texts),
        token_ids=ids,
        max_tokens=number(request.get("max_tokens")),
        n=number(request.get("n")),
        echo=request.get("echo") is True,
    )


def _message_texts(message: Fields) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in items(content):
        # Images and audio are parts without text; their tokens are the engine's secret.
        written = part if isinstance(part, str) else fields(part).get("text") or fields(part).get("refusal")
        if isinstance(written, str):
            yield written
    calls = [fields(call).get("function") for call in items(message.get("tool_calls"))]
    for function in (*calls, message.get("function_call")):
        for key in ("name", "arguments"):
            written = fields(function).get(key)
            if isinstance(written, str):
                yield written


def _conversation(request: Fields, messages: list[Fields]) -> Conversation:
    arguments = {key: request[key] for key in _FOR_TEMPLATES if request.get(key) is not None}
    arguments.update(fields(request.get("chat_template_kwargs")))
    return Conversation([_without_data(message) for message in messages], items(request.get("tools")), arguments)


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


def _completion_input(prompt: object, texts: list[str]) -> int:
    """Appends the texts of a `prompt` and returns how many token ids are in it."""
    if isinstance(prompt, str):
        texts.append(prompt)
        return 0
    ids = 0
    for part in items(prompt):
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, list):
            ids += sum(_is_id(token) for token in part)
        else:
            ids += _is_id(part)
    return ids


def _is_id(token: object) -> bool:
    return isinstance(token, int) and not isinstance(token, bool)


def _first_number(request: Fields, *keys: str) -> int | None:
    for key in keys:
        value = number(request.get(key))
        if value is not None:
            return value
    return None
