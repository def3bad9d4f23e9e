"""The option that makes an OpenAI stream end with its usage: how it is asked for, and the event that it adds."""

import re
from typing import Final, cast

import orjson

PATHS: Final = (b"/v1/chat/completions", b"/v1/completions")
"""How the paths end that have the option."""

_OPTION: Final = b'"stream_options":{"include_usage":true},'
_ASKED: Final = b'"include_usage":true'
_GIVEN = re.compile(rb'"stream_options"\s*:\s*(null|\{\s*(\}?))')
_MOST_PLACES: Final = 4


def with_usage(body: bytes) -> bytes | None:
    """The request body with `stream_options.include_usage`, every other byte as it was; None where it is not to be had.

    That is: the body is no JSON object, asks for no stream, says itself whether it wants usage, or asks with
    `continuous_usage_stats` for what only usage would bring to life.
    """
    try:
        request: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(request, dict) or request.get("stream") is not True:
        return None
    if "stream_options" not in request:
        start = body.index(b"{") + 1
        return body[:start] + _OPTION + body[start:]
    options = request["stream_options"]
    if options is None or (
        isinstance(options, dict) and "include_usage" not in options and not options.get("continuous_usage_stats")
    ):
        wanted = {**request, "stream_options": {"include_usage": True, **(options or {})}}
        return _amended(body, cast("dict[str, object]", wanted))
    return None


def _amended(body: bytes, wanted: dict[str, object]) -> bytes | None:
    """The body with the option at the place where it makes the object `wanted` of it.

    The words can stand in other places as well, in a tool's schema for instance, so each place is tried.
    """
    for place, match in enumerate(_GIVEN.finditer(body)):
        if place == _MOST_PLACES:
            break
        start, end = match.span(1)
        if match[1] == b"null":
            tried = body[:start] + b"{" + _ASKED + b"}" + body[end:]
        else:
            comma = b"" if match[2] else b","
            tried = body[: start + 1] + _ASKED + comma + body[start + 1 :]
        if orjson.loads(tried) == wanted:
            return tried
    return None


def only_usage(data: bytes) -> bool:
    """Whether an event is the one that the option adds: usage, and no choices."""
    if b'"usage"' not in data:
        return False
    try:
        event: object = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(event, dict) or "error" in event:
        return False
    return event.get("choices") == [] and isinstance(event.get("usage"), dict)
