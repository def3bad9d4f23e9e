"""What an OpenAI-form request asks for, and the pieces of text that its input is made of."""

from exporter.dialect.base import Prompt
from exporter.dialect.reading import Fields, dump, fields, items, name, number, text


def chat_prompt(request: Fields) -> Prompt:
    """The prompt of a chat request: its messages in order, then tools and schema."""
    messages = items(request.get("messages"))
    texts: list[str] = []
    for message in messages:
        _message_texts(fields(message), texts)
    for key in ("tools", "functions"):
        texts += [dump(tool) for tool in items(request.get(key))]
    schema = fields(request.get("response_format")).get("json_schema")
    if schema:
        texts.append(dump(schema))
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=tuple(texts),
        messages=len(messages),
        max_tokens=_first_number(request, "max_completion_tokens", "max_tokens"),
        n=number(request.get("n")),
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
        texts=tuple(texts),
        token_ids=ids,
        max_tokens=number(request.get("max_tokens")),
        n=number(request.get("n")),
        echo=request.get("echo") is True,
    )


def _message_texts(message: Fields, texts: list[str]) -> None:
    content = message.get("content")
    if isinstance(content, str):
        texts.append(content)
    for part in items(content):
        # Images and audio are parts without text; their tokens are the engine's secret.
        written = part if isinstance(part, str) else fields(part).get("text") or fields(part).get("refusal")
        if isinstance(written, str):
            texts.append(written)
    calls = [fields(call).get("function") for call in items(message.get("tool_calls"))]
    for function in (*calls, message.get("function_call")):
        for key in ("name", "arguments"):
            written = fields(function).get(key)
            if isinstance(written, str):
                texts.append(written)


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
