"""What the config.json of a Hugging Face model says about its layers, checked field by field."""

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


class Groups(BaseModel):
    """The weights of one group of layers in the way of compressed-tensors."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    num_bits: int | None = None
    type: str = "int"


class Group(BaseModel):
    """One group of layers in the way of compressed-tensors."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    weights: Groups | None = None


class Quantised(BaseModel):
    """How the weights are stored: of `quantization_config`, and of ModelOpt's `hf_quant_config.json`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    quant_method: str = ""
    quant_algo: str | None = None
    bits: int | None = None
    config_groups: dict[str, Group] = Field(default_factory=dict)


class Architecture(BaseModel):
    """The fields of a config.json that memory and work depend on, under all names that families have for them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model_type: str = ""
    layers: int = Field(validation_alias=AliasChoices("num_hidden_layers", "n_layer", "num_layers"), ge=1)
    hidden: int = Field(validation_alias=AliasChoices("hidden_size", "n_embd", "d_model"), ge=1)
    heads: int = Field(validation_alias=AliasChoices("num_attention_heads", "n_head"), ge=1)
    kv_heads: int | None = Field(default=None, validation_alias=AliasChoices("num_key_value_heads", "n_head_kv"), ge=1)
    head_size: int | None = Field(default=None, validation_alias=AliasChoices("head_dim", "attention_head_dim"), ge=1)
    intermediate: int | None = Field(
        default=None, validation_alias=AliasChoices("intermediate_size", "ffn_hidden_size", "n_inner"), ge=1
    )
    vocabulary: int = Field(validation_alias="vocab_size", ge=1)
    max_positions: int = Field(
        validation_alias=AliasChoices("max_position_embeddings", "n_positions", "max_sequence_length"), ge=1
    )
    tied: bool | None = Field(default=None, validation_alias="tie_word_embeddings")
    activation: str = Field(default="", validation_alias=AliasChoices("hidden_act", "mlp_hidden_act", "activation"))
    attention_bias: bool | None = None
    use_qk_norm: bool = False
    torch_dtype: str | None = Field(default=None, validation_alias=AliasChoices("torch_dtype", "dtype"))
    quantization_config: Quantised | None = None

    sliding_window: int | None = None
    use_sliding_window: bool = True
    sliding_window_pattern: int | None = None
    layer_types: list[str] | None = None
    hybrid_override_pattern: str | None = None

    kv_rank: int | None = Field(default=None, validation_alias="kv_lora_rank")
    query_rank: int | None = Field(default=None, validation_alias="q_lora_rank")
    rope_size: int = Field(default=0, validation_alias="qk_rope_head_dim")
    nope_size: int = Field(default=0, validation_alias="qk_nope_head_dim")
    value_size: int = Field(default=0, validation_alias="v_head_dim")

    experts: int | None = Field(
        default=None, validation_alias=AliasChoices("n_routed_experts", "num_local_experts", "num_experts")
    )
    active_experts: int | None = Field(
        default=None, validation_alias=AliasChoices("num_experts_per_tok", "experts_per_token", "moe_topk")
    )
    expert_intermediate: int | None = Field(default=None, validation_alias="moe_intermediate_size")
    shared_experts: int | None = Field(default=None, validation_alias="n_shared_experts")
    shared_intermediate: int | None = Field(
        default=None,
        validation_alias=AliasChoices("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size"),
    )
    dense_layers: int = Field(default=0, validation_alias="first_k_dense_replace")

    mamba_heads: int = Field(default=0, validation_alias="mamba_num_heads")
    mamba_head_size: int = Field(default=0, validation_alias="mamba_head_dim")
    mamba_groups: int = Field(default=1, validation_alias=AliasChoices("n_groups", "mamba_n_groups"))
    mamba_state: int = Field(default=0, validation_alias=AliasChoices("ssm_state_size", "mamba_d_state"))
    mamba_kernel: int = Field(default=4, validation_alias=AliasChoices("conv_kernel", "mamba_d_conv"))
    mamba_ssm_cache_dtype: str = "bfloat16"
    linear_key_heads: int = Field(default=0, validation_alias="linear_num_key_heads")
    linear_value_heads: int = Field(default=0, validation_alias="linear_num_value_heads")
    linear_key_size: int = Field(default=0, validation_alias="linear_key_head_dim")
    linear_value_size: int = Field(default=0, validation_alias="linear_value_head_dim")
    linear_kernel: int = Field(default=4, validation_alias="linear_conv_kernel_dim")
