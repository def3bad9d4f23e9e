"""Reading strangers' JSON: what is not of the expected type counts as absent."""

import json
import re
from typing import Final, cast

import orjson

from exporter.dialect.base import Unreadable

Fields = dict[str, object]

_LARGEST: Final = 2**31 - 1
_LONGEST_NAME: Final = 256
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NOTHING: Final[list[object]] = []


def load(body: bytes) -> Fields:
    """The JSON object in `body`; raises Unreadable for anything else."""
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _lenient(body)
    if not isinstance(value, dict):
        raise Unreadable
    return cast("Fields", value)


def _lenient(body: bytes) -> object:
    """Python's own reader takes what some senders write though JSON forbids it: NaN, and halves of emoji."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable from None


def dump(value: object) -> str:
    """JSON of a value that came from JSON, as the `tojson` of chat templates shows tools to a model."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        raise Unreadable from None


def fields(value: object) -> Fields:
    """The object, or an empty one."""
    return cast("Fields", value) if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The list, or an empty one that must not be changed."""
    return value if isinstance(value, list) else _NOTHING


def text(value: object) -> str:
    """The string, or an empty one."""
    return value if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A whole number that a record can hold (0 to 2³¹ − 1), or None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    return None


def name(value: object) -> str | None:
    """A name such as a model's, or None for what is too long or unprintable to be one."""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable():
        return value
    return None


def word(value: object) -> str | None:
    """A short word such as an error type, which cannot hold a sentence, or None."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
