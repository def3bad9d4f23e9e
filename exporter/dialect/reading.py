"""Reading strangers' JSON: what is not of the expected type counts as absent."""

import json
import re
from typing import Final, cast

import orjson

from exporter.dialect.base import Unreadable

Fields = dict[str, object]

_LARGEST: Final = 2**31 - 1
_MOST_CONTAINERS: Final = 700_000
_MOST_VALUES: Final = 3_500_000
_SURELY_FEW: Final = _MOST_CONTAINERS
"""Bytes that cannot hold too many of either."""
_LONGEST_NAME: Final = 256
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_NOTHING: Final[list[object]] = []


def load(body: bytes) -> Fields:
    """The JSON object in `body`; raises Unreadable for anything else."""
    value = load_any(body)
    if not isinstance(value, dict):
        raise Unreadable
    return cast("Fields", value)


def load_any(body: bytes) -> object:
    """The JSON in `body`; raises Unreadable, also for so many values that they would fill memory and time.

    An empty object takes 3 bytes of JSON and some 70 of memory, so that what is compressed well could be a gigabyte
    here. An answer with 20 log probabilities for each of 16,000 tokens, or embeddings of the largest size that is read,
    are below it.
    """
    if len(body) > _SURELY_FEW and (
        body.count(b"{") + body.count(b"[") > _MOST_CONTAINERS or body.count(b",") > _MOST_VALUES
    ):
        raise Unreadable("too_complex")
    try:
        value: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = _lenient(body)
    return value


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
    """A whole number that a record can hold (0 to 2³¹ − 1), also where it is written as 100.0; or None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LARGEST:
        return value
    if isinstance(value, float) and value.is_integer() and 0 <= value <= _LARGEST:
        return int(value)
    return None


def first_number(holder: Fields, *keys: str) -> int | None:
    """The first of the fields that is a whole number."""
    return next((found for key in keys if (found := number(holder.get(key))) is not None), None)


def token_ids(value: object) -> int:
    """How many token ids a list holds, or the lists in it."""
    return sum(len(items(each)) if isinstance(each, list) else _is_id(each) for each in items(value))


def _is_id(token: object) -> bool:
    return isinstance(token, int) and not isinstance(token, bool)


def microseconds(value: object, unit: int) -> int | None:
    """A duration given in units of `unit` microseconds, or None for what cannot be one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value * unit < 1e12:
        return round(value * unit)
    return None


def name(value: object) -> str | None:
    """A name such as a model's, or None for what is too long or unprintable to be one."""
    if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable():
        return value
    return None


def word(value: object) -> str | None:
    """A short word such as an error type, which cannot hold a sentence, or None."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else None
