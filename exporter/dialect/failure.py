"""Errors as engines write them in an answer."""

from exporter.dialect.base import NAMELESS
from exporter.dialect.reading import Fields, number, word
from exporter.dialect.too_long import TOO_LONG, too_long


def error_type(event: Fields) -> str | None:
    """The class of an error, None where there is none; never a part of its message.

    Known forms: `{"error": {"type": …, "code": …}}`, the same with `"type": "error"` beside it (Anthropic),
    `{"object": "error", "type": …}` (older vLLM), `{"error": "…", "error_type": …}` (TGI), `{"error": "…"}` (Triton).
    """
    error = event.get("error")
    if not error:
        if event.get("object") != "error":
            return None
        error = event
    if too_long(error):
        return TOO_LONG
    if isinstance(error, dict):
        found = word(error.get("type")) or word(error.get("code"))
        code = number(error.get("code"))
        return found or (NAMELESS if code is None else str(code))
    return word(event.get("error_type")) or NAMELESS
