"""What a language model is made of, as far as its memory and its work per token go."""

from dataclasses import dataclass
from typing import Literal

from analyzer.engine.profile import NumberFormat

Biases = Literal["none", "qkv", "all"]


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention: keys and values of all heads are kept as one vector of `kv_rank` + `rope_size`.

    `query_rank` is `None` where queries are not compressed; `nope_size` and `rope_size` are what a head compares by
    content and by position, `value_size` what it gives.
    """

    query_rank: int | None
    kv_rank: int
    rope_size: int
    nope_size: int
    value_size: int


@dataclass(frozen=True, slots=True)
class Experts:
    """A layer's experts: of `count`, `active` see each token, and the shared ones see all.

    `intermediate` is the width of one expert, `shared_intermediate` that of all shared ones together. The first
    `dense_layers` have none. `biases` says whether experts have them, `router_bias` whether the router has one.
    """

    count: int
    active: int
    intermediate: int
    shared_intermediate: int = 0
    dense_layers: int = 0
    biases: bool = False
    router_bias: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """One model. `name` is how it was asked for, by its full name where there is one; `family` the entry it is of.

    `intermediate` is the width of a dense layer's MLP, `max_positions` the longest context in tokens. Of its `layers`,
    `windowed_layers` keep only the last `window` tokens, and `stateful_layers` (Mamba, linear attention) keep no cache
    by token at all but `state_bytes` for each sequence, all of them together. `stated_parameters` is what its publisher
    or its checkpoint says, `None` where only the architecture is known. `native_weights` is the format its weights are
    published in. `countable` says whether the architecture above is all that there is to its layers, so that its
    parameters can be counted. `aiconfigurator` is the name that NVIDIA's tables have for it.
    """

    name: str
    layers: int
    hidden: int
    heads: int
    kv_heads: int
    head_size: int
    intermediate: int
    vocabulary: int
    max_positions: int
    tied_embeddings: bool = False
    gated: bool = True
    attention_bias: Biases = "none"
    attention_sinks: bool = False
    qk_norm: bool = False
    norms_per_layer: int = 2
    window: int | None = None
    windowed_layers: int = 0
    stateful_layers: int = 0
    state_bytes: int = 0
    latent: LatentAttention | None = None
    experts: Experts | None = None
    native_weights: NumberFormat = "bf16"
    stated_parameters: int | None = None
    countable: bool = True
    family: str = ""
    aiconfigurator: str | None = None

    @property
    def expert_layers(self) -> int:
        """Layers that have experts."""
        return 0 if self.experts is None else self.layers - self.experts.dense_layers

    @property
    def attention_layers(self) -> int:
        """Layers that keep keys and values by token."""
        return self.layers - self.stateful_layers
