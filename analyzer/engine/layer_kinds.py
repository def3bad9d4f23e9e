"""Which layers of a model keep every token, a window of them, or one state for a whole sequence."""

from dataclasses import dataclass

from analyzer.engine.config_file import Architecture

STATEFUL = {"linear_attention", "mamba", "mamba2", "recurrent", "conv"}


@dataclass(frozen=True, slots=True)
class LayerKinds:
    """How many layers keep a window, how many keep no token, and the bytes of all states of one sequence."""

    windowed: int
    stateful: int
    state_bytes: int


def layer_kinds(read: Architecture) -> LayerKinds:
    """The kinds of layers by what the config.json lists, or by the pattern that its family has."""
    if read.hybrid_override_pattern is not None:
        # Nemotron-H: M is a Mamba-2 layer, * attention; MLPs and experts (-, E) are layers of their own.
        mamba = read.hybrid_override_pattern.count("M")
        return LayerKinds(0, read.layers - read.hybrid_override_pattern.count("*"), mamba * _mamba(read))
    if read.layer_types is not None:
        stateful = sum(each in STATEFUL for each in read.layer_types)
        windowed = read.layer_types.count("sliding_attention") if read.sliding_window else 0
        return LayerKinds(windowed, stateful, stateful * (_linear(read) or _mamba(read)))
    return LayerKinds(_windowed(read), 0, 0)


def _windowed(read: Architecture) -> int:
    """Layers with a window where none are listed."""
    if not read.sliding_window or not read.use_sliding_window:
        return 0
    if read.model_type.startswith("qwen"):
        return 0  # theirs begin after max_window_layers, which is all of them
    pattern = read.sliding_window_pattern
    if read.model_type.startswith("gemma2"):
        pattern = 2
    if read.model_type.startswith("gemma3"):
        pattern = pattern or 6
    return read.layers - read.layers // pattern if pattern else read.layers


def _mamba(read: Architecture) -> int:
    """Bytes of one Mamba-2 layer: its state, and the inputs that its convolution still needs (Dao and Gu, 2024)."""
    inner = read.mamba_heads * read.mamba_head_size
    state = inner * read.mamba_state * (4 if read.mamba_ssm_cache_dtype == "float32" else 2)
    return state + (inner + 2 * read.mamba_groups * read.mamba_state) * (read.mamba_kernel - 1) * 2


def _linear(read: Architecture) -> int:
    """Bytes of one layer of gated delta networks (Qwen3-Next): a matrix for each value head, and the convolution's."""
    keys, values = read.linear_key_heads * read.linear_key_size, read.linear_value_heads * read.linear_value_size
    state = read.linear_value_heads * read.linear_key_size * read.linear_value_size
    return 2 * (state + (2 * keys + values) * (read.linear_kernel - 1)) if values else 0
