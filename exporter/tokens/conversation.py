"""Messages as the engines hand them to a chat template, which is not quite as clients send them."""

import json
from collections.abc import Sequence

from exporter.dialect.media import written
from exporter.dialect.reading import Fields, fields, items, text

_KEPT = ("name", "tool_call_id")


def for_template(messages: Sequence[Fields], *, parts: bool) -> list[Fields]:
    """The messages as vLLM gives them to a template.

    The content is one string, its texts joined by a newline; with `parts`, for templates that go through the parts
    themselves, it is a list of them. Arguments of tool calls are objects, not JSON in a string.
    """
    return [_message(message, parts=parts) for message in messages]


def _message(message: Fields, *, parts: bool) -> Fields:
    role = text(message.get("role"))
    content = message.get("content")
    given = [content] if isinstance(content, str) else items(content)
    listed = parts and role != "tool"
    prepared: Fields = {"role": role, "content": _listed(given) if listed else _joined(given)}
    prepared |= {key: message[key] for key in _KEPT if isinstance(message.get(key), str)}
    if role == "assistant":
        prepared |= _said(message)
    return prepared


def _joined(given: Sequence[object]) -> str:
    texts = (written(part) for part in given)
    return "\n".join(each for each in texts if each is not None)


def _listed(given: Sequence[object]) -> list[Fields]:
    return [_part(part) for part in given]


def _part(part: object) -> Fields:
    said = written(part)
    if said is not None:
        return {"type": "text", "text": said}
    return {"type": text(fields(part).get("type")).removeprefix("input_").removesuffix("_url")}


def _said(message: Fields) -> Fields:
    """What only a message of the assistant has: its tool calls and its reasoning."""
    said: Fields = {}
    calls = [_call(fields(call)) for call in items(message.get("tool_calls"))]
    if calls:
        said["tool_calls"] = calls
    reasoning = message.get("reasoning", message.get("reasoning_content"))
    if isinstance(reasoning, str):
        said |= {"reasoning": reasoning, "reasoning_content": reasoning}
    return said


def _call(call: Fields) -> Fields:
    function = fields(call.get("function"))
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except (ValueError, RecursionError):
            arguments = {}
    if not isinstance(arguments, (dict, list)):
        arguments = {}
    return {**call, "function": {**function, "arguments": arguments}}
