"""What of a message is text, and what is an image, a sound or a film."""

from collections.abc import Sequence

from exporter.dialect.reading import Fields, fields, items

_TEXTS = ("text", "refusal", "thinking")


def written(part: object) -> str | None:
    """The text of one part of a message's content; None for what is no text."""
    if isinstance(part, str):
        return part
    for key in _TEXTS:
        value = fields(part).get(key)
        if isinstance(value, str):
            return value
    return None


def holds_media(messages: Sequence[Fields]) -> bool:
    """Whether a part of a message is no text; how many tokens it has is then the engine's secret."""
    return any(written(part) is None for message in messages for part in items(message.get("content")))
