import pytest

from exporter.dialect.base import Unreadable
from exporter.engines.limits import is_sglang, joined, of_models, of_server_info

VLLM = (
    b'{"object":"list","data":[{"id":"tiny","object":"model","owned_by":"vllm","max_model_len":2048},'
    b'{"id":"adapter","parent":"tiny","max_model_len":null}]}'
)
SGLANG = b'{"object":"list","data":[{"id":"m","owned_by":"sglang","root":"m","max_model_len":32768}]}'


def test_a_list_of_models_tells_what_each_may_hold() -> None:
    assert of_models(VLLM) == {"tiny": {"max_seq_len": 2048}}
    assert of_models(SGLANG) == {"m": {"max_seq_len": 32768}}


def test_models_without_a_limit_are_left_out() -> None:
    assert of_models(b'{"data":[{"id":"gpt-4o"},{"id":7,"max_model_len":5},{"id":"x","max_model_len":0},null]}') == {}


def test_a_long_list_is_not_read_to_its_end() -> None:
    cards = ",".join(f'{{"id":"m{i}","max_model_len":9}}' for i in range(500))
    assert len(of_models(f'{{"data":[{cards}]}}'.encode())) == 100


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data":{}}', b"<html>"])
def test_what_is_no_list_of_models_cannot_be_read(body: bytes) -> None:
    with pytest.raises(Unreadable):
        of_models(body)


def test_sglang_is_known_by_its_models_and_tells_its_longest_input() -> None:
    assert is_sglang(SGLANG)
    assert not is_sglang(VLLM)
    info = b'{"served_model_name":"m","max_req_input_len":32762,"api_key":"secret","context_length":null}'
    assert of_server_info(info) == {"m": {"max_input_len": 32762}}
    assert of_server_info(b'{"max_req_input_len":9}') == {}


def test_answers_of_one_engine_are_joined_by_model() -> None:
    assert joined({"a": {"x": 1}}, {"a": {"y": 2}, "b": {"x": 3}}) == {"a": {"x": 1, "y": 2}, "b": {"x": 3}}
