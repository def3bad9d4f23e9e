"""Columns of strangers' values, turned into numbers and texts; what is neither becomes null."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_WHOLE = r"^[+-]?(\d{1,18}|[1-8]\d{18})$"
_LARGEST = 2.0**62  # beyond it a float has no int64; far more than any time or token count


def text(column: pa.Array) -> pa.Array:
    """The values as strings; an empty one is null, and so are all of a kind that no string can be made of."""
    strings = pc.utf8_trim_whitespace(_as_strings(column))
    return pc.if_else(pc.equal(strings, ""), pa.scalar(None, pa.string()), strings)


def number(column: pa.Array) -> pa.Array:
    """The values as float64; null, and what is no finite number, is null."""
    if _is_text(column.type):
        strings = text(column)
        column = pc.if_else(pc.match_substring_regex(strings, _NUMBER), strings, pa.scalar(None, pa.string()))
    elif not _is_number(column.type):
        return pa.nulls(len(column), pa.float64())
    floats = column.cast(pa.float64(), safe=False)
    return pc.if_else(pc.is_finite(floats), floats, pa.scalar(None, pa.float64()))


def whole(column: pa.Array, factor: float = 1) -> pa.Array:
    """The values times `factor` as int64, rounded; null where they are no number.

    Whole numbers stay exact where `factor` is 1, also beyond 2^53. What is too large for int64 becomes ±2^62.
    """
    exact = _exact(column) if factor == 1 else None
    if exact is not None:
        return exact
    floats = number(column)
    known = floats.is_valid().to_numpy(zero_copy_only=False)
    scaled = np.rint(np.where(known, floats.fill_null(0).to_numpy(zero_copy_only=False), 0) * factor)
    return pa.array(np.clip(scaled, -_LARGEST, _LARGEST).astype(np.int64), mask=~known)


def exact_ratio(column: pa.Array, divisor: int) -> pa.Array:
    """Whole numbers divided by `divisor` without floats, which nanoseconds since 1970 would not survive."""
    exact = _exact(column)
    return whole(column, 1 / divisor) if exact is None else pc.divide(exact, divisor)


def whole_lists(values: list[Any]) -> pa.Array:
    """Lists of whole numbers; what is none is null."""
    return pa.array([_whole_list(value) for value in values], pa.list_(pa.int64()))


def scalars(values: list[Any]) -> pa.Array:
    """JSON's scalars as strings; lists and objects are null, because no column of a record holds such a text."""
    return pa.array([None if value is None else _spelt(value) for value in values], pa.string())


def each(column: pa.Array, change: Callable[[str], str | None]) -> pa.Array:
    """What `change` makes of each string, reckoned once for each distinct one."""
    encoded = text(column).dictionary_encode()
    changed = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return changed.take(encoded.indices)


def _as_strings(column: pa.Array) -> pa.Array:
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return pa.nulls(len(column), pa.string())


def _exact(column: pa.Array) -> pa.Array | None:
    """The values as int64 where all of them are whole numbers as they stand, else `None`."""
    if pa.types.is_integer(column.type):
        return column.cast(pa.int64(), safe=False)
    if not _is_text(column.type):
        return None
    strings = text(column)
    if pc.all(pc.match_substring_regex(strings, _WHOLE)).as_py() is False:
        return None
    return pc.utf8_ltrim(strings, "+").cast(pa.int64())


def _whole_list(value: Any) -> list[int] | None:
    fits = isinstance(value, list) and all(type(one) is int and abs(one) < 1 << 63 for one in value)
    return value if fits else None


def _spelt(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _is_text(kind: pa.DataType) -> bool:
    value = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(value) or pa.types.is_large_string(value))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))
