"""What an engine is run with: the knobs of one serving profile, and the limits that follow for its scheduler."""

from dataclasses import dataclass
from typing import Literal

EngineName = Literal["vllm", "sglang", "trtllm", "nim"]
NumberFormat = Literal["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"]
Admission = Literal["as_used", "reserved"]


@dataclass(frozen=True, slots=True)
class ServingProfile:
    """The knobs of a serving profile, defaults filled in.

    A replica takes `tp` · `pp` GPUs. `max_model_len` is in tokens, input and output of one request together;
    `max_num_seqs` are the requests that run at once, `max_num_batched_tokens` the tokens of one step.
    `gpu_memory_utilization` is the share (0..1) of the GPU's memory that the engine takes, of all of it or of what is
    free after loading, as the engine counts. `max_model_len` is `None` where the model's own limit holds. With
    `async_scheduling` the engine decides on a step while the one before it runs.
    """

    model: str
    gpu: str
    tp: int
    pp: int
    engine: EngineName
    engine_version: str | None
    weights: NumberFormat
    kv_cache: NumberFormat
    max_model_len: int | None
    max_num_seqs: int
    max_num_batched_tokens: int
    chunked_prefill: bool
    prefix_caching: bool
    async_scheduling: bool
    gpu_memory_utilization: float
    replicas: int

    @property
    def gpus_per_replica(self) -> int:
        """GPUs of one replica."""
        return self.tp * self.pp


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What the scheduler of one replica keeps to.

    `kv_pool_tokens` is how many tokens its KV cache holds. `admission` says when a request gets its cache: `as_used`
    gives it out as the request grows and sends the newest request back to the queue where none is left (vLLM, SGLang),
    `reserved` holds the worst case, input and the asked-for output, from the start (TensorRT-LLM GUARANTEED_NO_EVICT).
    Without `chunked_prefill` a prompt is read in one step, alone if it is longer than `max_num_batched_tokens`.
    Requests over `max_model_len` tokens are refused where the input leaves no room for one token, else cut. With
    `async_scheduling` a step is decided while the one before it runs, so that who arrives meanwhile waits for both.
    """

    max_num_seqs: int
    max_num_batched_tokens: int
    chunked_prefill: bool
    kv_pool_tokens: int
    max_model_len: int
    admission: Admission = "as_used"
    prefix_caching: bool = False
    async_scheduling: bool = False
