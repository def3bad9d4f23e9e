"""What a request in the form of Anthropic's Messages asks for."""

from exporter.dialect.base import Prompt
from exporter.dialect.conversation import conversation, definition_texts, message_texts
from exporter.dialect.reading import Fields, dump, fields, items, name, number, text


def messages_prompt(request: Fields) -> Prompt:
    """The prompt: the system prompt, the messages, then tools and schema; images have no text."""
    messages = [] if not request.get("system") else [{"role": "system", "content": _content(request["system"])}]
    for message in map(fields, items(request.get("messages"))):
        messages += _chat_messages(message)
    tools = [_chat_tool(tool) for tool in items(request.get("tools"))]
    config = fields(request.get("output_config"))
    schema = fields(config.get("format") or request.get("output_format")).get("schema")
    return Prompt(
        model=name(request.get("model")),
        stream=request.get("stream") is True,
        texts=(*message_texts(messages), *definition_texts(*tools, schema)),
        messages=len(items(request.get("messages"))),
        max_tokens=number(request.get("max_tokens")),
        chat=conversation({**request, "reasoning_effort": config.get("effort")}, messages, tools),
    )


def _chat_messages(message: Fields) -> list[Fields]:
    """The message in the OpenAI form: results of tools stand in messages of their own, before what the user says."""
    role, content = message.get("role"), message.get("content")
    if not isinstance(content, list):
        return [{"role": role, "content": content}]
    blocks = [fields(block) for block in content]
    results: list[Fields] = [
        {"role": "tool", "tool_call_id": text(block.get("tool_use_id")), "content": _content(block.get("content"))}
        for block in blocks
        if block.get("type") == "tool_result"
    ]
    calls = [_call(block) for block in blocks if block.get("type") == "tool_use"]
    said = [part for block in blocks for part in _parts(block)]
    if not said and not calls:
        return results
    turn: Fields = {"role": role, "content": said}
    return [*results, {**turn, "tool_calls": calls} if calls else turn]


def _call(block: Fields) -> Fields:
    function = {"name": text(block.get("name")), "arguments": dump(block.get("input"))}
    return {"id": text(block.get("id")), "type": "function", "function": function}


def _content(content: object) -> object:
    return [part for block in content for part in _parts(fields(block))] if isinstance(content, list) else content


def _parts(block: Fields) -> list[Fields]:
    """The block as parts of a message; thinking is not told to a model again, calls and results stand elsewhere."""
    kind, source = text(block.get("type")), fields(block.get("source"))
    if kind == "text":
        return [{"type": "text", "text": text(block.get("text"))}]
    if kind == "image":
        return [{"type": "image_url", "image_url": ""}]
    if kind == "document" and source.get("type") == "text":
        return [{"type": "text", "text": text(source.get("data"))}]
    if kind in {"document", "search_result"}:
        inner = map(fields, items(block.get("content") or source.get("content")))
        return [{"type": "text", "text": text(each.get("text"))} for each in inner if each.get("type") == "text"]
    return []


def _chat_tool(tool: object) -> object:
    """A tool of the client's in the OpenAI form; one that the server runs as it is."""
    definition = fields(tool)
    if "input_schema" not in definition:
        return tool
    function = {key: definition[key] for key in ("name", "description") if key in definition}
    return {"type": "function", "function": {**function, "parameters": definition["input_schema"]}}
