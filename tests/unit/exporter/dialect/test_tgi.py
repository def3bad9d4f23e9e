import json

import pytest

from exporter.dialect.base import Foreign, Prompt, Unreadable
from exporter.dialect.tgi import TextGeneration


def asked(target: str, **request: object) -> Prompt:
    return TextGeneration().prompt(json.dumps({"inputs": "say it", **request}).encode(), target)


@pytest.mark.parametrize(
    ("target", "request_", "stream", "echo"),
    [
        ("/generate", {}, False, False),
        ("/generate", {"stream": True}, False, False),
        ("/generate", {"parameters": {"return_full_text": True}}, False, True),
        ("/generate_stream", {"parameters": {"return_full_text": True}}, True, False),
        ("/", {}, False, True),
        ("/", {"parameters": {"return_full_text": False}}, False, False),
        ("/", {"stream": True}, True, False),
        ("/?x=1", {"stream": True}, True, False),
    ],
)
def test_the_path_says_whether_to_stream_and_at_the_root_the_body(
    target: str, request_: dict[str, object], stream: bool, echo: bool
) -> None:
    prompt = asked(target, **request_)
    assert (prompt.stream, prompt.echo) == (stream, echo)


@pytest.mark.parametrize("given", [None, ["a"], {"question": "a"}])
def test_without_a_text_it_is_another_api(given: object) -> None:
    with pytest.raises(Foreign):
        asked("/", inputs=given)


def test_the_data_of_a_picture_in_the_text_is_no_text() -> None:
    given = "![](data:image/png;base64,AAAA)what ![](http://x) ![](not closed"
    assert asked("/generate", inputs=given).texts == (("user", "what  ![](not closed"),)


@pytest.mark.parametrize("body", [b"[]", b"{}", b'[{"label": "POSITIVE"}]'])
def test_what_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        TextGeneration().answer(body)
