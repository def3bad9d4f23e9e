"""What an OpenAI-form request asks for, and the pieces of text that its input is made of."""

from exporter.dialect.base import Prompt, Text
from exporter.dialect.conversation import conversation, definition_texts, message_texts
from exporter.dialect.reading import Fields, fields, first_number, items, name, number, text, token_ids


def chat_prompt(request: Fields) -> Prompt:
    """The prompt of a chat request: its messages in order, then tools and schema."""
    messages = [fields(message) for message in items(request.get("messages"))]
    tools = items(request.get("tools"))
    schema = fields(request.get("response_format")).get("json_schema")
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=(*message_texts(messages), *definition_texts(*tools, *items(request.get("functions")), schema)),
        messages=len(messages),
        max_tokens=first_number(request, "max_completion_tokens", "max_tokens"),
        n=number(request.get("n")),
        chat=conversation(request, messages, tools),
    )


def completions_prompt(request: Fields) -> Prompt:
    """The prompt of a completions request; token ids are only counted."""
    given = request.get("prompt")
    texts = [given] if isinstance(given, str) else [each for each in items(given) if isinstance(each, str)]
    suffix = text(request.get("suffix"))
    if suffix:
        texts.append(suffix)
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=tuple(Text("user", written) for written in texts),
        token_ids=token_ids(given),
        max_tokens=number(request.get("max_tokens")),
        n=number(request.get("n")),
        echo=request.get("echo") is True,
    )
