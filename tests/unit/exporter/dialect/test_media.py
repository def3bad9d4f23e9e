"""Text is told from images and sounds by what a part holds."""

import pytest

from exporter.dialect.media import holds_media, written


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("a", "a"),
        ({"type": "text", "text": "a"}, "a"),
        ({"type": "refusal", "refusal": "no"}, "no"),
        ({"type": "thinking", "thinking": "hm"}, "hm"),
        ({"type": "image_url", "image_url": ""}, None),
        ({"type": "text", "text": None}, None),
        (5, None),
    ],
)
def test_the_text_of_a_part_is_found(part: object, said: str | None) -> None:
    assert written(part) == said


def test_a_message_of_text_alone_holds_no_media() -> None:
    assert not holds_media([{"content": "a"}, {"content": ["a", {"text": "b"}]}, {"content": None}, {}])
    assert holds_media([{"content": "a"}, {"content": [{"text": "b"}, {"type": "input_audio"}]}])
