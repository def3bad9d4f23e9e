"""Durations as people type them: 500ms, 2s, 1.5min."""

import re

from analyzer.errors import BadSettings

UNITS_MS = {"us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0, "min": 60_000.0}
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*(us|µs|ms|s|min)\s*")


def milliseconds(option: str, text: str | None) -> float | None:
    """The duration in milliseconds, `None` for `None`; raises `BadSettings` for what is none, and names `option`."""
    if text is None:
        return None
    found = _WRITTEN.fullmatch(text)
    if found is None or float(found[1]) == 0:
        raise BadSettings(f"{option} {text} is no duration above zero: write it as 500ms or 2s.")
    return float(found[1]) * UNITS_MS[found[2]]
