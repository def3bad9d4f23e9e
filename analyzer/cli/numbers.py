"""Numbers as people type them, or the sentence that says how to write them."""

import math
import re

_TOKENS = re.compile(r"\d{1,3}(?:,\d{3})+|\d+")
_SHORT = re.compile(r"(\d+(?:\.\d+)?)\s*[kK]")


def tokens(option: str, text: str) -> int:
    """A count of tokens above zero, such as 2000 or 2,000; raises `ValueError` with a sentence that names `option`."""
    if (short := _SHORT.fullmatch(text)) is not None:
        many = float(short[1])
        either = f"{many * 1000:.0f} or {many * 1024:.0f} tokens"
        raise ValueError(f"{option} {text} may mean {either}: write the one you mean.")
    if _TOKENS.fullmatch(text) is None or not int(text.replace(",", "")):
        raise ValueError(f"{option} {text} is no whole number of tokens above zero: write it as 2000.")
    return int(text.replace(",", ""))


def rate(option: str, text: str) -> float:
    """A number above zero, such as 31 or 0.5; raises `ValueError` with a sentence that names `option`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise ValueError(f"{option} {text} is no number above zero: write it as 31 or 0.5.")
    return value


def percentile(option: str, text: str) -> float:
    """A percentile from 1 to below 100; raises `ValueError` with a sentence that names `option`."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 1 <= value < 100:
        raise ValueError(f"{option} {text} is not between 1 and 100: give 95 or 99.")
    return value
