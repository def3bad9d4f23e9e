import json

import pytest

from exporter.dialect.base import Foreign, Prompt, Unreadable
from exporter.dialect.triton import Generate


def asked(target: str, **request: object) -> Prompt:
    return Generate().prompt(json.dumps({"text_input": "say it", **request}).encode(), target)


@pytest.mark.parametrize(
    ("target", "model", "stream"),
    [
        ("/v2/models/m/generate", "m", False),
        ("/v2/models/m/versions/3/generate", "m", False),
        ("/v2/models/m/generate_stream", "m", True),
        ("/gateway/v2/models/a%2Fb/versions/1/generate_stream?x=1", "a/b", True),
    ],
)
def test_the_path_names_the_model_and_asks_for_a_stream(target: str, model: str, stream: bool) -> None:
    prompt = asked(target)
    assert (prompt.model, prompt.stream) == (model, stream)


@pytest.mark.parametrize(
    "target", ["/generate", "/v2/models/m/infer", "/v2/models//generate", "/v2/models/m/n/generate"]
)
def test_any_other_path_is_another_api_s(target: str) -> None:
    with pytest.raises(Foreign):
        asked(target)


@pytest.mark.parametrize("given", [None, 3, [], {"a": 1}])
def test_a_model_without_text_is_another_api_s(given: object) -> None:
    with pytest.raises(Foreign):
        asked("/v2/models/m/generate", text_input=given)


@pytest.mark.parametrize(
    ("request_", "limit", "echo"),
    [
        ({"max_tokens": 5}, 5, True),
        ({"parameters": {"max_tokens": 5, "exclude_input_in_output": True}}, 5, False),
        ({"request_output_len": 5, "exclude_input_in_output": False}, 5, True),
    ],
)
def test_options_stand_beside_the_text_or_in_parameters(request_: dict[str, object], limit: int, echo: bool) -> None:
    prompt = asked("/v2/models/m/generate", **request_)
    assert (prompt.max_tokens, prompt.echo) == (limit, echo)


def test_what_is_no_answer_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        Generate().answer(b'{"outputs": []}')
