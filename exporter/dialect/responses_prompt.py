"""What a request in the form of OpenAI's Responses asks for."""

from collections.abc import Iterator

from exporter.dialect.base import Prompt
from exporter.dialect.conversation import conversation, definition_texts, message_texts
from exporter.dialect.reading import Fields, fields, items, name, number, text


def responses_prompt(request: Fields) -> Prompt:
    """The prompt: instructions, then the input, then tools and schema.

    It is partial where the engine adds what it keeps: an earlier response, a conversation, a stored prompt or item.
    """
    given = items(request.get("input"))
    messages = [*_instructions(request.get("instructions")), *_messages(request.get("input"))]
    tools = [_chat_tool(tool) for tool in items(request.get("tools"))]
    schema = fields(fields(request.get("text")).get("format"))
    effort = {"reasoning_effort": fields(request.get("reasoning")).get("effort")}
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=(*message_texts(messages), *definition_texts(*tools, schema if schema.get("schema") else None)),
        messages=len(messages),
        max_tokens=number(request.get("max_output_tokens")),
        chat=conversation({**request, **effort}, messages, tools),
        partial=any(request.get(key) for key in ("previous_response_id", "conversation", "prompt"))
        or any(fields(item).get("type") == "item_reference" for item in given),
    )


def _instructions(given: object) -> list[Fields]:
    if isinstance(given, str):
        return [{"role": "system", "content": given}] if given else []
    return _messages(given)


def _messages(given: object) -> list[Fields]:
    """The items as messages of a chat; calls that follow each other are one turn of the assistant."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    messages: list[Fields] = []
    calls: list[Fields] = []
    for item in map(fields, items(given)):
        call = _call(item)
        if call is None:
            calls = []
            messages += _message(item)
            continue
        if not calls:
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        calls.append(call)
    return messages


def _call(item: Fields) -> Fields | None:
    kind = text(item.get("type"))
    if kind not in {"function_call", "custom_tool_call"}:
        return None
    written = text(item.get("arguments" if kind == "function_call" else "input"))
    return {
        "id": text(item.get("call_id")),
        "type": "function",
        "function": {"name": text(item.get("name")), "arguments": written},
    }


def _message(item: Fields) -> Iterator[Fields]:
    if "role" in item:
        yield {"role": item["role"], "content": _content(item.get("content"))}
    elif "output" in item and "call_id" in item:
        yield {"role": "tool", "tool_call_id": text(item["call_id"]), "content": _content(item["output"])}


def _content(content: object) -> object:
    """The content with its parts under the names that chats have for them."""
    return [_part(fields(part)) for part in content] if isinstance(content, list) else content


def _part(part: Fields) -> Fields:
    if isinstance(part.get("text"), str):
        return {"type": "text", "text": part["text"]}
    if part.get("type") == "input_image":
        return {"type": "image_url", "image_url": ""}
    return part


def _chat_tool(tool: object) -> object:
    """A function in the form that chats have; any other tool as it is."""
    definition = fields(tool)
    if definition.get("type") != "function" or "function" in definition:
        return tool
    return {"type": "function", "function": {key: value for key, value in definition.items() if key != "type"}}
