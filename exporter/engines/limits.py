"""Limits as engines tell them: vLLM and SGLang in their list of models, SGLang's longest input in its server info."""

from collections.abc import Mapping

from exporter.dialect.base import Unreadable
from exporter.dialect.reading import Fields, fields, items, load, name, number, text

MODELS_PATH = "/v1/models"
SERVER_INFO_PATH = "/get_server_info"
_MOST_MODELS = 100

Told = Mapping[str, Mapping[str, int]]
"""By model the limits in tokens, by their names in the catalogue."""


def of_models(body: bytes) -> Told:
    """What `/v1/models` says: `max_model_len` (vLLM, SGLang) is what input and output may have together.

    At most 100 models are read. Raises Unreadable.
    """
    told: dict[str, dict[str, int]] = {}
    for card in _cards(body)[:_MOST_MODELS]:
        model, length = name(card.get("id")), number(card.get("max_model_len"))
        if model is not None and length:
            told[model] = {"max_seq_len": length}
    return told


def is_sglang(body: bytes) -> bool:
    """Whether SGLang wrote this list of models."""
    return any(text(card.get("owned_by")) == "sglang" for card in _cards(body))


def of_server_info(body: bytes) -> Told:
    """What SGLang's `/get_server_info` says: `max_req_input_len`. Raises Unreadable.

    The answer holds secrets of the engine as well; nothing but this number and the model's name is read.
    """
    info = load(body)
    model, length = name(info.get("served_model_name")), number(info.get("max_req_input_len"))
    return {model: {"max_input_len": length}} if model is not None and length else {}


def joined(*parts: Told) -> Told:
    """Several answers of one engine as one."""
    return {model: {k: v for part in parts for k, v in part.get(model, {}).items()} for part in parts for model in part}


def _cards(body: bytes) -> list[Fields]:
    cards = load(body).get("data")
    if not isinstance(cards, list):
        raise Unreadable
    return [fields(card) for card in items(cards)]
