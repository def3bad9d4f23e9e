"""A model of which only the config.json is known."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from analyzer.engine import parameters
from analyzer.engine.config_file import Architecture, Quantised
from analyzer.engine.formats import WEIGHT_BYTES
from analyzer.engine.layer_kinds import layer_kinds
from analyzer.engine.models import Biases, Experts, LatentAttention, Model
from analyzer.engine.profile import NumberFormat
from analyzer.errors import BadSettings

# Families whose layers are no more than what analyzer/engine/parameters.py counts, held against published totals.
COUNTABLE = {
    "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "qwen3_vl", "qwen3_vl_moe", "gpt_oss", "deepseek_v3",
    "kimi_k2", "gemma2", "gemma3", "phi3",
}  # fmt: skip
# Families whose MLP has no gate, whose output is their input embedding where nothing is said, and that norm queries
# and keys; the implementations of Hugging Face's transformers say so, and not the files.
UNGATED = {"gpt2", "gpt_neox", "gptj", "opt", "falcon", "bloom", "mpt", "phi", "starcoder2", "nemotron", "nemotron_h"}
TIED = ("gemma", "cohere", "gpt2", "opt", "bloom", "mpt", "falcon")
NORMED = ("qwen3", "gemma3", "olmo2")
ROUTER_BIAS = {"deepseek_v3", "deepseek_v32", "kimi_k2", "glm4_moe", "gpt_oss"}


def model_from_config(path: Path) -> Model:
    """The model whose config.json is `path`, or lies in the folder `path`.

    Its parameters are those that the index of its checkpoint beside it states (`model.safetensors.index.json`), else
    counted. Raises `BadSettings` where there is no such file or it lacks what memory depends on.
    """
    file = path / "config.json" if path.is_dir() else path
    whole = _json(file)
    text = whole.get("text_config")
    told = {**whole, **cast("Mapping[str, object]", text)} if isinstance(text, dict) else whole
    try:
        read = Architecture.model_validate(told)
    except ValidationError as error:
        raise BadSettings("\n".join(_sentence(dict(mistake), file) for mistake in error.errors())) from error
    native = _format(_modelopt(file) or read.quantization_config)
    made = _model(file.resolve().parent.name, read, native, file)
    return _stated(made, read, file)


def _model(name: str, read: Architecture, native: NumberFormat, file: Path) -> Model:
    kinds = layer_kinds(read)
    experts = _experts(read)
    if read.intermediate is None and experts is None:
        raise BadSettings(f"{file} says nothing of intermediate_size: it is no config.json of a language model.")
    family = read.model_type.removesuffix("_text")
    return Model(
        name=name,
        layers=read.layers,
        hidden=read.hidden,
        heads=read.heads,
        kv_heads=read.kv_heads or read.heads,
        head_size=_head_size(read),
        intermediate=read.intermediate or 0,
        vocabulary=read.vocabulary,
        max_positions=read.max_positions,
        tied_embeddings=family.startswith(TIED) if read.tied is None else read.tied,
        gated=family not in UNGATED,
        attention_bias=_biases(read, family),
        attention_sinks=family == "gpt_oss",
        qk_norm=read.use_qk_norm or family.startswith(NORMED),
        norms_per_layer=4 if family.startswith(("gemma2", "gemma3")) else 2,
        window=read.sliding_window if kinds.windowed else None,
        windowed_layers=kinds.windowed,
        stateful_layers=kinds.stateful,
        state_bytes=kinds.state_bytes,
        latent=_latent(read),
        experts=experts,
        native_weights=native,
        countable=family in COUNTABLE and not kinds.stateful,
    )


def _head_size(read: Architecture) -> int:
    if read.kv_rank is not None:
        return read.nope_size + read.rope_size
    return read.head_size or read.hidden // read.heads


def _biases(read: Architecture, family: str) -> Biases:
    if family.startswith(("qwen2", "qwen1")):
        return "qkv"
    return "all" if read.attention_bias else "none"


def _latent(read: Architecture) -> LatentAttention | None:
    if read.kv_rank is None:
        return None
    return LatentAttention(read.query_rank, read.kv_rank, read.rope_size, read.nope_size, read.value_size)


def _experts(read: Architecture) -> Experts | None:
    width = read.expert_intermediate or read.intermediate
    if not read.experts or not read.active_experts or not width:
        return None
    biased = read.model_type == "gpt_oss"
    return Experts(
        count=read.experts,
        active=read.active_experts,
        intermediate=width,
        shared_intermediate=read.shared_intermediate or (read.shared_experts or 0) * width,
        dense_layers=read.dense_layers,
        biases=biased,
        router_bias=read.model_type in ROUTER_BIAS,
    )


def _format(quantised: Quantised | None) -> NumberFormat:
    """The number format of the weights, by the methods that vLLM, SGLang and TensorRT-LLM load."""
    if quantised is None:
        return "bf16"
    said = f"{quantised.quant_method} {quantised.quant_algo or ''}".lower()
    for sign, form in (("mxfp4", "mxfp4"), ("fp4", "nvfp4"), ("fp8", "fp8"), ("w4a", "int4"), ("awq", "int4")):
        if sign in said:
            return cast("NumberFormat", form)
    weights = next((group.weights for group in quantised.config_groups.values() if group.weights), None)
    bits = quantised.bits or (weights.num_bits if weights else None)
    floating = weights is not None and weights.type == "float"
    if bits == 4:
        return "nvfp4" if floating else "int4"
    if bits == 8:
        return "fp8" if floating else "int8"
    return "bf16"


def _modelopt(file: Path) -> Quantised | None:
    """What ModelOpt wrote beside the config.json, if it did."""
    beside = file.with_name("hf_quant_config.json")
    if not beside.is_file():
        return None
    return Quantised.model_validate(_json(beside).get("quantization") or {})


def _stated(model: Model, read: Architecture, file: Path) -> Model:
    """`model` with the parameters that the checkpoint's index gives, where it tells more than counting does.

    Sizes of quantised checkpoints hold scales too, and so are only taken where nothing can be counted. A checkpoint may
    hold a tied output a second time: engines do not load it, so that it does not count.
    """
    size = _index_size(file.with_name("model.safetensors.index.json"))
    if size is None and not model.countable:
        raise BadSettings(
            f"{file} is of a kind whose parameters cannot be counted ({read.model_type or 'no model_type'}): put the "
            "checkpoint's model.safetensors.index.json beside it."
        )
    if size is None or (model.countable and model.native_weights != "bf16"):
        return model
    total = int(size / (4.0 if read.torch_dtype == "float32" else WEIGHT_BYTES[model.native_weights]))
    twice = model.tied_embeddings and total == parameters.counted(model) + parameters.embedding(model)
    return model if model.countable and twice else replace(model, stated_parameters=total)


def _index_size(index: Path) -> float | None:
    """Bytes of all tensors of a checkpoint, by its index, `None` where there is none that tells."""
    metadata = _json(index).get("metadata") if index.is_file() else None
    size = metadata.get("total_size") if isinstance(metadata, dict) else None
    return float(size) if isinstance(size, int | float) else None


def _json(file: Path) -> Mapping[str, object]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSettings(f"{file} cannot be read: {os.strerror(error.errno or 0)}.") from error
    except ValueError as error:
        raise BadSettings(f"{file} is not JSON: {error}.") from error
    if not isinstance(read, dict):
        raise BadSettings(f"{file} holds no JSON object: it is no config.json of a model.")
    return cast("Mapping[str, object]", read)


def _sentence(mistake: Mapping[str, object], file: Path) -> str:
    location = mistake["loc"]
    name = ".".join(str(part) for part in location) if isinstance(location, tuple) else str(location)
    if mistake["type"] == "missing":
        return f"{file} says nothing of {name}: it is no config.json of a language model."
    return f"{file} has {name} = {mistake['input']!r}: {mistake['msg']}."
