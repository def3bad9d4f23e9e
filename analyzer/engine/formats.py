"""How many bytes a number takes in each format."""

from collections.abc import Mapping

from analyzer.engine import parameters
from analyzer.engine.models import Model
from analyzer.engine.profile import NumberFormat

# Four-bit formats with their scales: int4 by AWQ and GPTQ, a scale of 16 and a zero of 4 bits for 128 weights; NVFP4 a
# scale of 8 bits for 16; MXFP4 a scale of 8 bits for 32 (Open Compute Project, MX specification 1.0).
WEIGHT_BYTES: Mapping[NumberFormat, float] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "int4": (4 + 20 / 128) / 8,
    "nvfp4": (4 + 8 / 16) / 8,
    "mxfp4": (4 + 8 / 32) / 8,
}
KV_BYTES: Mapping[NumberFormat, float] = {
    "bf16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    "int4": 0.5,
    "nvfp4": WEIGHT_BYTES["nvfp4"],
    "mxfp4": WEIGHT_BYTES["mxfp4"],
}


def weight_bytes(model: Model, weights: NumberFormat) -> float:
    """Bytes of all weights in this format.

    Quantised checkpoints keep what is looked up or read once at the end in bf16: input embedding and output, and with
    MXFP4 everything but the experts (gpt-oss). So nvidia/Llama-3.1-8B-Instruct-FP8 has 9.08 GB and not 8.03.
    """
    every = parameters.total(model)
    kept = parameters.embedding(model) * (1 if model.tied_embeddings else 2)
    if weights == "mxfp4":
        kept = every - parameters.routed(model)
    if weights == "bf16":
        kept = every
    return kept * WEIGHT_BYTES["bf16"] + (every - kept) * WEIGHT_BYTES[weights]


def read_bytes(model: Model, weights: NumberFormat, tokens: float) -> float:
    """Bytes of weights that one step of `tokens` tokens reads, on average: `parameters.read`, each in its format."""
    every = parameters.read(model, tokens)
    if weights == "bf16":
        return every * WEIGHT_BYTES["bf16"]
    kept = float(parameters.embedding(model))
    if weights == "mxfp4":
        kept = parameters.text(model) - parameters.routed(model)
        kept -= 0 if model.tied_embeddings else parameters.embedding(model)
    return kept * WEIGHT_BYTES["bf16"] + (every - kept) * WEIGHT_BYTES[weights]
