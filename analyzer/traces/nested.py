"""Values deep inside JSON that another tool wrote, each with the type that is wanted or nothing."""

import math
import re
from collections.abc import Mapping, Sequence

_NAME = re.compile(r"[A-Za-z_][\w.:-]{0,63}")
_LARGEST = 1 << 62


def at(value: object, *path: str) -> object:
    """What stands at `path` inside objects; `None` where there is nothing."""
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def items(value: object) -> Sequence[object]:
    """The items of a list; none where it is no list."""
    return value if isinstance(value, list) else ()


def number(value: object) -> float | None:
    """A finite number, also one that is written as a text."""
    try:
        found = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object, factor: float = 1) -> int | None:
    """A number times `factor`, rounded, at most ±2^62; whole numbers stay exact where `factor` is 1."""
    if factor == 1 and isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,30}", value):
        value = int(value)
    found = value if factor == 1 and type(value) is int else number(value)
    return None if found is None else max(-_LARGEST, min(_LARGEST, round(found * factor)))


def text(value: object) -> str | None:
    """A text that is not empty."""
    return value if isinstance(value, str) and value else None


def name(value: object) -> str | None:
    """A text that is the name of a class or a code; any other text becomes `error`, because it could quote a prompt."""
    found = text(value)
    if found is None:
        return None
    return found if _NAME.fullmatch(found) else "error"
